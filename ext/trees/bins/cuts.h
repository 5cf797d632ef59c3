/* Where a feature's values are cut into bins. */
#ifndef ATHLETE_TREES_BINS_CUTS_H
#define ATHLETE_TREES_BINS_CUTS_H

#include <stddef.h>
#include <stdint.h>

#define ATHLETE_MAX_BIN 255

/* Values that are not to be told apart, and how many rows have them (or the rows' weight). */
typedef struct value_run {
    float lowest, highest;
    uint64_t rows;
} value_run;

/* Turns n values in ascending order into runs of equal ones; `rows` has the rows (weight) of each, NULL means 1. Values without
** rows are left out. */
size_t runs_of_sorted(const float *sorted, const uint32_t *rows, size_t n, value_run *runs);

/* Cuts between runs, in ascending order, for at most max_bin bins; returns how many bins. What is in bin b or below is less than
** cuts[b]; the last cut is above everything. */
int cuts_between(const value_run *runs, size_t n_runs, int max_bin, float *cuts);

#endif
