/* Training rows as small integers: each feature's values are cut into at most 255 bins, found once before the first
** tree, and every split is a question about bins (LightGBM, NIPS 2017, algorithm 1).
**
** A cut is a float32 c; a value x is in a bin below it when x < c, the comparison that the finished model makes. A
** categorical feature's bins are its categories instead.
**
** The codes are kept twice. By column, for dividing a node's rows by one feature; and by row, in records that also hold
** the row's gradient and are padded so that a row of up to 28 features is half a cache line: what a histogram needs of a
** row costs one fetch. */
#ifndef ATHLETE_TREES_BINS_BINS_H
#define ATHLETE_TREES_BINS_BINS_H

#include <stddef.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/pool.h"
#include "base/simd.h"
#include "base/status.h"
#include "trees/bins/cuts.h"
#include "trees/bins/weights.h"

#define ATHLETE_MANY_SLOTS    256 /* of each feature in a histogram, or the next number that is enough for all */
#define ATHLETE_SOME_SLOTS    128
#define ATHLETE_FEW_SLOTS     64
#define ATHLETE_RECORD_HEADER 4 /* bytes of a record before its codes: the gradient (gradients.h) */

typedef struct bin_matrix {
    size_t n_rows;
    int n_features; /* columns: those of the source, of which one with very many categories is there several times */
    int *source_feature; /* per feature, the source's; ascending */
    simd_level level;    /* that the source named */
    uint8_t *columns;    /* n_features x n_rows: the bin, or n_bins[f] where the value is missing */
    uint8_t *records;    /* n_rows x record_bytes */
    size_t record_bytes;
    int *n_bins; /* per feature, of the values present: 0 (all are missing) to 255 */

    /* Per feature, its first slot in a histogram, of n_bins + 1; then the number of all slots. Features are equally far
    ** apart, by one of the numbers above. */
    uint32_t *offset;
    float *cuts; /* cuts[offset[f] + b]: what is in bin b or below is less than this */

    /* Per feature, not 0 where a bin is a category: bin b is category cuts[offset[f] + b]; 2 where the last bin is shared by
    ** categories that are too rare for one of their own. NULL if no feature is categorical. */
    uint8_t *categorical;
} bin_matrix;

/* What is to be cut. */
typedef struct bin_source {
    const float *values; /* n_rows x n_features with NaN where a value is missing and no infinity */
    size_t n_rows;
    int n_features;

    /* Per feature, not 0 where the values are whole numbers from 0 up that name categories; or NULL. */
    const uint8_t *categorical;
    const row_weights *weights; /* bins of about equal weight; or NULL: of about equal numbers of rows */
    int max_bin;
    simd_level level; /* of vector instructions: simd_available() or less */
} bin_source;

/* Depends on the set of rows and not on their order. Free with bins_free also after a failure. */
athlete_status bins_build(const bin_source *source, athlete_budget *budget, athlete_pool *pool,
                          bin_matrix *bins);
void bins_free(athlete_budget *budget, bin_matrix *bins);

static inline const uint8_t *bins_column(const bin_matrix *bins, int feature) {
    return bins->columns + (size_t)feature * bins->n_rows;
}

#endif
