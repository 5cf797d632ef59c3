/* Row weights as integers, so that a row of weight 2 counts to the bit as the row given twice. */
#ifndef ATHLETE_TREES_BINS_WEIGHTS_H
#define ATHLETE_TREES_BINS_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#define ATHLETE_WEIGHT_BITS 20

typedef struct row_weights {
    const uint32_t *units; /* per row, below 2^20 */
    int fraction_bits; /* a weight is its units / 2^fraction_bits; 0 if all weights are whole and below 2^20 */
    uint64_t total;    /* sum of the units */
} row_weights;

/* Rounds n weights (finite, not negative, some above 0) to units. Weights that are not whole, or too large, are scaled by a
** power of two so that the largest takes all bits: each is off by at most 2^-20 of it, and none above 0 becomes 0. */
row_weights weights_fix(const float *weights, size_t n, uint32_t *units);

#endif
