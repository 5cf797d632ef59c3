/* Options of a function: a JSON object, read into a struct by a static table.
**
** The table is the documentation: an unknown key is an error that lists the known ones, a value of the wrong
** type or out of range an error that says what was expected and what came. */
#ifndef ATHLETE_BASE_BINDING_OPTIONS_H
#define ATHLETE_BASE_BINDING_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/fault.h"
#include "base/sqlite.h"
#include "base/status.h"

typedef enum option_type {
    OPTION_NUMBER,  /* double */
    OPTION_NUMBERS, /* option_numbers; a number, or a list of different ones, ascending */
    OPTION_INTEGER, /* sqlite3_int64 */
    OPTION_FLAG,    /* bool; true, false, 1 or 0 */
    OPTION_CHOICE,  /* int: which of the choices */
    OPTION_TEXT,    /* char *, sqlite3_free it */
    OPTION_JSON,    /* char *, the value's JSON text, sqlite3_free it: for what may be a list or an object */
    OPTION_LIST,    /* likewise, a list */
    OPTION_OBJECT,  /* likewise, an object */
    OPTION_COLUMN   /* char *, likewise: a text or an integer, for what has a name or a position */
} option_type;

#define OPTION_MOST_NUMBERS 16

typedef struct option_numbers {
    double x[OPTION_MOST_NUMBERS];
    int n;
} option_numbers;

typedef struct athlete_option {
    const char *name;
    const char *alias; /* other names, "learning_rate|shrinkage_rate", or NULL */
    option_type type;
    size_t offset;       /* of the field in the struct */
    double min, max;     /* both inside the range */
    const char *choices; /* "squarederror|logistic" */
    const char *
        fallback; /* its value where it is not given: "0.3", of the choices "logistic"; in parentheses what is
                             done then, "(the best constant)"; or NULL */
    const char *meaning; /* unit first */
} athlete_option;

/* Reads `json` (NULL for no options) into `target`. A field whose option is not given gets the fallback, or stays as it is
** where that is no value. ATHLETE_INVALID says what is wrong, without the function's name. */
athlete_status options_read(const athlete_option *table, const char *json, void *target,
                            athlete_fault *fault);

/* Whether the field has the number that stands in for it where it is not given. */
bool option_is_default(const athlete_option *option, const void *target);

/* As options_read, and tells which were given: given[i], of row i of the table, is 0 if it was not, 1 if under its name, and 2 or more
** under an alias, in their order. */
athlete_status options_read_given(const athlete_option *table, const char *json, void *target, int *given,
                                  athlete_fault *fault);

#endif
