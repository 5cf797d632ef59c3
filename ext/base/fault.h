/* Why a kernel does not accept its input, beside ATHLETE_INVALID: the one carrier of a sentence where there is no SQLite.
**
** A binding hands it on as an error of SQL; where the sentence needs SQLite to be written, a binding has
** sentence_refuse (binding/function.h). */
#ifndef ATHLETE_BASE_FAULT_H
#define ATHLETE_BASE_FAULT_H

#include <stdarg.h>
#include "base/status.h"

typedef struct athlete_fault {
    char text[520]; /* without the function's name; it says where: "trees[3].left_children[5] is not …" */
} athlete_fault;

/* Writes the sentence, cut where it is too long. Returns ATHLETE_INVALID. */
ATHLETE_FORMATS athlete_status fault_refuse(athlete_fault *fault, const char *format, ...);

/* The same after "<place>: " if there is a place; for functions that know more than the caller says. */
ATHLETE_FORMATS_LIST athlete_status fault_refuse_at(athlete_fault *fault, const char *place,
                                                    const char *format, va_list arguments);

#endif
