/* The texts that numbers stand for: the categories of a feature, the classes of a model. */
#ifndef ATHLETE_TREES_MODEL_CATEGORY_NAMES_H
#define ATHLETE_TREES_MODEL_CATEGORY_NAMES_H

#include <stddef.h>

/* Number c is name[c]. They are different from each other and in the order of their bytes, so that a text is found by
** bisection (strcmp). */
typedef struct category_names {
    size_t n;
    const char **name;
} category_names;

/* The number of a text; NaN if it is none of them. */
float category_number(const category_names *names, const char *text, size_t length);

#endif
