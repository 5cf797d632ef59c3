/* The statistics of a series of training days: smoothing, trend, monotony, quantile.
**
** Those that are sums are built up one row after the other and never take a row out again: a frame that loses
** its oldest row starts over. A moving frame therefore gives, bit for bit, what the plain aggregate over the same
** rows gives. NAN means that the statistic does not exist; an infinity, that it is too large for a double. */
#ifndef ATHLETE_ROLLING_WINDOW_STATISTICS_H
#define ATHLETE_ROLLING_WINDOW_STATISTICS_H

#include "base/memory.h"
#include "base/numbers/sum.h"
#include "base/poll.h"
#include "rolling/frame.h"

/* 1 - e^(-1/days): the share of today in an exponentially weighted mean with that time constant. days > 0.
** Only + - * /, so the same bits everywhere. */
double ewma_alpha(double days);

/* The square root of a variance, which is 0 where rounding has made it less. By logarithms, as stages take it in SQL: the same bits. */
double deviation_of(double variance);

/* Sums of x and y around the first row. The first row is one of the series, so the sum of squares around the
** mean is at least 1/n of the sum around it: subtracting loses no more than a factor of n in precision, and
** equal values give a spread of exactly 0. */
typedef struct moments {
    size_t n;
    double x0, y0;
    athlete_sum dx, dy, dx_dx, dx_dy;
} moments;

void moments_add(moments *m, frame_row row);

/* Ordinary least squares slope of y against x; NAN with fewer than 2 distinct x. */
double moments_slope(const moments *m);

/* Mean over population standard deviation (Foster 1998, MSSE 30:1164); NAN with fewer than 2 rows or without spread. */
double moments_monotony(const moments *m);

/* Sum times monotony. */
double moments_strain(const moments *m);

/* The value below which the share q of the rows lies, with linear interpolation (Hyndman & Fan 1996, type 7).
** NAN without rows. Linear in the rows; their order does not matter. */
athlete_status quantile_of(athlete_budget *budget, athlete_poll *poll, const frame_row *rows, size_t n,
                           double q, double *out);

#endif
