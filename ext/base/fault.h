/* Why an input is not accepted, beside ATHLETE_INVALID: the one carrier of a sentence, in kernels and bindings.
**
** It is filled in place and owns nothing, so that saying what is wrong needs no memory and nobody frees it. The bindings
** hand it to SQLite under the function's name (base/binding/function.h). */
#ifndef ATHLETE_BASE_FAULT_H
#define ATHLETE_BASE_FAULT_H

#include <stdarg.h>
#include "base/status.h"

typedef struct athlete_fault {
    char text[2000]; /* without the function's name; it says where: "trees[3].left_children[5] is not …" */
} athlete_fault;

/* For one whose other bytes need not be cleared, where rows pass by the million. */
static inline void fault_clear(athlete_fault *fault) {
    fault->text[0] = '\0';
}

/* Writes the sentence, cut where it is too long; bytes that are no UTF-8, quoted from whatever came, become question marks,
** because a host may refuse to read the message at all. The arguments may be the text that is there already. Returns
** ATHLETE_INVALID. */
ATHLETE_FORMATS athlete_status fault_refuse(athlete_fault *fault, const char *format, ...);

/* The same after "<place>: " if there is a place; for functions that know more than the caller says. */
ATHLETE_FORMATS_LIST athlete_status fault_refuse_at(athlete_fault *fault, const char *place,
                                                    const char *format, va_list arguments);

#endif
