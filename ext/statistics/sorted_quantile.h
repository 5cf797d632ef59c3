/* Quantiles of numbers that are sorted. */
#ifndef ATHLETE_STATISTICS_SORTED_QUANTILE_H
#define ATHLETE_STATISTICS_SORTED_QUANTILE_H

#include <stddef.h>
#include "statistics/interpolate.h"

/* The q-quantile, 0 <= q <= 1, of n sorted numbers, n at least 1 (type 7 of Hyndman & Fan 1996, Am. Stat. 50:361). */
static inline double sorted_quantile(const double *sorted, size_t n, double q) {
    double place = (double)(n - 1) * q;
    size_t k = (size_t)place;
    return interpolate(sorted[k], sorted[k + 1 < n ? k + 1 : k], place - (double)k);
}

#endif
