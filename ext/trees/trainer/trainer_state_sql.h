/* What a training holds while its rows come. */
#ifndef ATHLETE_TREES_TRAINER_TRAINER_STATE_SQL_H
#define ATHLETE_TREES_TRAINER_TRAINER_STATE_SQL_H

#include "trees/bins/categories.h"
#include "trees/trainer/train_columns_sql.h"

typedef struct row_block {
    float *values, *labels, *weights; /* weights NULL if rows have none */
    size_t n, capacity;
} row_block;

/* What a column has been seen to hold. Numbers and names do not mix: a model must not depend on which came first. */
typedef enum column_content { CONTENT_NONE, CONTENT_NUMBERS, CONTENT_CODES, CONTENT_NAMES } column_content;

typedef struct pending_row {
    float label, weight;
    bool validates;
    row_block *block; /* where its features go; NULL before they come, and for a row without weight */
} pending_row;

typedef struct trainer {
    athlete_budget budget;
    train_options options;
    train_columns columns;
    row_block train, validation;
    column_content *content;   /* per feature */
    category_list *categories; /* per feature */
    column_content label_content;
    category_list classes; /* the names that labels are */
    forest previous;       /* without outputs if there is none */
    int rounds_before;     /* that it has */
    size_t n_read;
    pending_row row;     /* of which a part was taken */
    athlete_fault fault; /* why it failed, once it did */
} trainer;

#endif
