/* One training from SQL's values to the model's text, for gbdt_train and gbdt_fit: rows are added one by one and
** trained on at the end. Every failure leaves a sentence, without the function's name. */
#ifndef ATHLETE_TREES_TRAINER_TRAINER_SQL_H
#define ATHLETE_TREES_TRAINER_TRAINER_SQL_H

#include "trees/trainer/trainer_state_sql.h"

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
