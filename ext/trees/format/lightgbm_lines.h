/* LightGBM's text as sections of lines `name=value`, each ending with an empty line. */
#ifndef ATHLETE_TREES_FORMAT_LIGHTGBM_LINES_H
#define ATHLETE_TREES_FORMAT_LIGHTGBM_LINES_H

#include "base/status.h"
#include "trees/format/lightgbm_thresholds.h"
#include "trees/model/model.h"

#define ATHLETE_LIGHTGBM_MAX_LINES 64 /* of a section; it has twenty or so */

typedef struct lightgbm_line {
    const char *name, *value; /* in the text */
    size_t name_length, length;
} lightgbm_line;

typedef struct lightgbm_reader {
    athlete_budget *budget;
    forest *model;
    athlete_fault *fault;
    athlete_status status;
    const char *text;
    size_t length, at; /* what comes before `at` is read */
    char section[24];  /* "header", "Tree=3" */
    int n_lines;
    lightgbm_line lines[ATHLETE_LIGHTGBM_MAX_LINES];
    size_t n_values, values_capacity;
    double *values;             /* of the section's lists */
    threshold_table thresholds; /* of all trees so far */
} lightgbm_reader;

/* Fills the fault with "<section>: ..." unless something failed before; returns false. */
ATHLETE_FORMATS bool lines_fail(lightgbm_reader *r, const char *format, ...);

/* Reads the next section, whose first line has this name; false without a fault if another line comes next. */
bool lines_section(lightgbm_reader *r, const char *first);

/* A line of the section, or NULL; a name that comes twice is a fault. */
const lightgbm_line *lines_find(lightgbm_reader *r, const char *name);
bool lines_value_is(const lightgbm_line *line, const char *value);

/* A number of the section, whole and from `min` to `max`. */
bool lines_whole(lightgbm_reader *r, const char *name, int32_t min, int32_t max, int32_t *value);

/* A list of n numbers separated by blanks, of which some may be infinite: *start is its place in `values`. One that is not
** there or empty, where it may be missing, is *start = SIZE_MAX. */
bool lines_numbers(lightgbm_reader *r, const char *name, bool may_be_missing, size_t n, size_t *start);

/* Adds one number to `values`. */
bool lines_add(lightgbm_reader *r, double x);

#endif
