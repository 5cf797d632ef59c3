/* How well one column of a training set tells the label, whatever the two hold. */
#ifndef ATHLETE_VALIDATION_FEATURE_STRENGTH_H
#define ATHLETE_VALIDATION_FEATURE_STRENGTH_H

#include <stdbool.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/poll.h"
#include "statistics/association.h"

typedef struct strength_cell {
    double number; /* NAN: none */
    uint64_t key;  /* of the value, be it a number or a text; 0: NULL */
} strength_cell;

/* A key for the bytes of a value, never 0. */
uint64_t strength_key(const void *bytes, size_t length);

/* A table by rows. */
typedef struct strength_table {
    const strength_cell *cells;
    size_t n_rows, width;
} strength_table;

/* Each n = 0 or a strength of NAN where there is nothing to judge. */
typedef struct feature_strength {
    association value;
    association missing; /* of whether there is a value */
} feature_strength;

#define STRENGTH_CLASSES_MAX 50 /* of a label of texts; more are names, not classes */
#define STRENGTH_CLASS_ROWS  5  /* of three classes or more; one of fewer rows anything may tell by chance */

/* The labels as numbers: the column itself, or for texts one column of 0 and 1 for each class. */
typedef struct strength_labels {
    double *values; /* n_labels columns of n_rows; memory_free it under the budget */
    size_t n_labels;
    bool too_many_classes, too_few_of_a_class;
} strength_labels;

athlete_status strength_labels_of(const strength_table *table, size_t column, bool is_text,
                                  athlete_budget *budget, athlete_poll *poll, strength_labels *labels);

/* What `column` tells of the label that it tells best: by its numbers, or for texts by category_encode; and by whether it is
** NULL. */
athlete_status feature_strength_of(const strength_table *table, size_t column, bool is_text,
                                   const strength_labels *labels, athlete_budget *budget, athlete_poll *poll,
                                   feature_strength *strength);

#endif
