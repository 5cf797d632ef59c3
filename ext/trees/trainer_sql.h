/* One training from SQL's values to the model's text, for gbdt_train and gbdt_fit: rows are added one by one and
** trained on at the end. Every failure leaves a sentence, without the function's name. */
#ifndef ATHLETE_TREES_TRAINER_SQL_H
#define ATHLETE_TREES_TRAINER_SQL_H

#include "trees/bins/categories.h"
#include "trees/train_columns_sql.h"

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
    size_t n_read;
    pending_row row;     /* of which a part was taken */
    athlete_fault fault; /* why it failed, once it did */
} trainer;

typedef struct trainer_result {
    text_buffer model;
    size_t rows, validation_rows;
    int rounds; /* in the model */
    int best;   /* the round, from 0, with the lowest validation loss; the last without validation rows */
    const char *metric;
    double loss; /* of the validation rows after the best round; else of the training rows after the last */
} trainer_result;

/* The first call; `names` as in train_columns_read. */
athlete_status trainer_begin(trainer *t, const char *options, int n_columns, const char *const *names);

/* The order in which values are taken: column[i], from 0 for the label, is that of value i. Room for n_columns + 1 numbers;
** returns how many there are. Without roles it is the order of the columns. */
int trainer_order(const trainer *t, int *column);

/* The values first, first + 1, … of a row in that order; a row may come in parts. */
athlete_status trainer_take(trainer *t, int first, int n, sqlite3_value **values);

/* Trains. The text is the caller's to free, under t->budget, also after a failure. */
athlete_status trainer_finish(trainer *t, athlete_poll *poll, trainer_result *result);

void trainer_free(trainer *t);

/* The sentence for a status that trainer_begin, _take or _finish returned; empty where the status says all: short of memory,
** interrupted. */
const char *trainer_sentence(trainer *t, athlete_status status);

#endif
