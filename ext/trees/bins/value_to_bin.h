/* Which bin a value falls in. */
#ifndef ATHLETE_TREES_BINS_VALUE_TO_BIN_H
#define ATHLETE_TREES_BINS_VALUE_TO_BIN_H

#include <stddef.h>
#include <stdint.h>
#include "base/simd.h"

/* A feature's cuts, padded for searching: 16 blocks of 16, and the last cut of each block. */
typedef struct bin_table {
    float last[16];
    float cut[256];
    int n_bins;
} bin_table;

void bin_table_prepare(bin_table *table, const float *cuts, int n_bins);

/* codes[i] becomes the number of cuts that are not above values[i * value_step], n_bins for NaN. At level SIMD_256
** two compares find the block and two more the place in it: no branch and no dependent load chain. */
void values_to_bins(const bin_table *table, const float *values, size_t value_step, size_t n, uint8_t *codes,
                    simd_level level);

#endif
