/* Quantiles of weighted numbers, in one pass over them for each bit that decides. */
#ifndef ATHLETE_TREES_QUANTILE_H
#define ATHLETE_TREES_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

/* The q-quantile, 0 < q < 1, of n floats given by their keys (float_key.h), n at least 1: the lowest one at or below
** which lies the share q of the weight; halfway to the next one where that is the share exactly, so that the median of
** an even number is the mean of the middle two (type 2 of Hyndman and Fan, The American Statistician 1996). `weights`
** are above 0 and add up to at most 2^53; NULL for 1 each. A weight of 2 is the same as a number that comes twice, all
** weights doubled change nothing, and so does any order. Both arrays are reordered. */
float weighted_quantile(double q, uint32_t *keys, int64_t *weights, size_t n);

/* Weights as integers for weighted_quantile, all times the same power of two; whole numbers stay in proportion. */
void weights_fix(const float *weights, size_t n, int64_t *out);

#endif
