/* Training rows as small integers: each feature's values are cut into at most 255 bins, found once before the first
** tree, and every split is a question about bins (LightGBM, NIPS 2017, algorithm 1).
**
** A cut is a float32 c; a value x is in a bin below it when x < c, the comparison that the finished model makes. */
#ifndef ATHLETE_TREES_BINS_H
#define ATHLETE_TREES_BINS_H

#include <stddef.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/poll.h"
#include "base/status.h"

#define ATHLETE_MAX_BIN 255

typedef struct bin_matrix {
    size_t n_rows;
    int n_features;
    uint8_t *codes; /* n_rows x n_features: the bin, or n_bins[f] where the value is missing */
    int *n_bins;    /* per feature, of the values present: 0 (all are missing) to 255 */
    uint32_t *
        offset; /* per feature, its first slot in a histogram of n_bins + 1 slots each; then the sum of all */
    float *cuts; /* cuts[offset[f] + b]: what is in bin b or below is less than this */
} bin_matrix;

/* `values` is n_rows x n_features with NaN where a value is missing and no infinity. Depends on the set of rows and
** not on their order. Free with bins_free also after a failure. */
athlete_status bins_build(const float *values, size_t n_rows, int n_features, int max_bin,
                          athlete_budget *budget, athlete_poll *poll, bin_matrix *bins);
void bins_free(athlete_budget *budget, bin_matrix *bins);

#endif
