/* Quantiles of weighted numbers, in one pass over them for each bit that decides. */
#ifndef ATHLETE_TREES_QUANTILE_H
#define ATHLETE_TREES_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

/* The q-quantile, 0 < q < 1, of n floats given by their keys (float_key.h), n at least 1: the lowest one at or below
** which lies the share q of the weight; halfway to the next one where that is the share exactly, so that the median of
** an even number is the mean of the middle two (type 2 of Hyndman and Fan, The American Statistician 1996). `weights`
** are above 0; NULL for 1 each. A weight of 2 is the same as a number that comes twice, and neither the order nor all
** weights doubled change anything. Both arrays are reordered. */
float weighted_quantile(double q, uint32_t *keys, uint32_t *weights, size_t n);

#endif
