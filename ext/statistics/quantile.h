/* Quantiles of weighted numbers, in one pass over them for each bit that decides. */
#ifndef ATHLETE_STATISTICS_QUANTILE_H
#define ATHLETE_STATISTICS_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

/* The q-quantile, 0 < q < 1, of n floats given by their keys (float_key.h), n at least 1: the value at rank
** q (n - 1) + 1, between two ranks by interpolation (type 7 of Hyndman and Fan, The American Statistician 1996, and
** LightGBM's). In the small leaves of heavy-tailed residuals types that reach further out, such as XGBoost's type 6, cost
** some 2 % of the held-out loss.
**
** `weights` are above 0; NULL for 1 each. `one` is the weight of a row that counts once, so that a weight of twice `one`
** is the same as a number that comes twice: the value is the mean of the quantile function over a window of
** weight `one`, or less if a row is lighter, which ends at q (weight of all - window) + window. The order changes nothing.
** Both arrays are reordered. */
float weighted_quantile(double q, uint32_t *keys, uint32_t *weights, double one, size_t n);

#endif
