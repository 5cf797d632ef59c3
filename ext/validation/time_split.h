/* Cross-validation that respects time: each fold is tested on rows later than all that it was trained on. */
#ifndef ATHLETE_VALIDATION_TIME_SPLIT_H
#define ATHLETE_VALIDATION_TIME_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/fault.h"
#include "base/memory.h"
#include "base/status.h"

/* --- by row number: scikit-learn's TimeSeriesSplit(n_splits, gap=gap, test_size=test_size) --------------- */

/* Fold k is tested on test_size rows from n - (n_splits - k) * test_size, and trained on all rows before them but the
** last `gap`. A walk through every (fold, part, row) in that order. */
typedef struct row_split {
    int64_t n_rows, n_splits, gap, test_size;
    int64_t fold, row; /* where the walk is */
    bool in_test;
} row_split;

/* test_size 0 means n_rows / (n_splits + 1). Refused if there are too few rows. */
athlete_status row_split_begin(row_split *split, int64_t n_rows, int64_t n_splits, int64_t gap,
                               int64_t test_size, athlete_fault *fault);
bool row_split_next(row_split *split); /* false at the end */

/* --- by date ------------------------------------------------------------------------------------------- */

/* The D distinct days are cut into n_splits + 1 blocks of D / (n_splits + 1) days, to within one. Fold k is tested on
** the rows of block k + 1 and trained on every row whose day is earlier than the block's first day minus the embargo:
** with an embargo of 0 the day before the test is the last to train on, with 7 the day that is 8 days before. */
typedef struct date_fold {
    size_t train_end;            /* trained on order[0] to order[train_end - 1] */
    size_t test_begin, test_end; /* tested on order[test_begin] to order[test_end - 1] */
} date_fold;

typedef struct date_split {
    size_t *order;    /* rows by day, rows of a day as they came */
    date_fold *folds; /* n_splits of them */
} date_split;

/* ATHLETE_INVALID with a sentence if there are too few days. Free with date_split_free also after a failure. */
athlete_status date_split_build(const int *days, size_t n_rows, int64_t n_splits, int embargo_days,
                                athlete_budget *budget, date_split *split, athlete_fault *fault);
void date_split_free(athlete_budget *budget, date_split *split);

#endif
