/* Points: rows of numbers, standardised and in an order of their own. */
#ifndef ATHLETE_CLUSTER_POINTS_H
#define ATHLETE_CLUSTER_POINTS_H

#include <stdint.h>
#include "base/memory.h"
#include "base/poll.h"

#define POINTS_MAX ((size_t)1 << 31)

typedef struct points {
    const double *x; /* row by row */
    size_t n, width;
} points;

static inline const double *point(const points *of, size_t i) {
    return of->x + i * of->width;
}

static inline double squared_distance(const double *a, const double *b, size_t width) {
    double sum = 0;
    for (size_t j = 0; j < width; j++) {
        double difference = a[j] - b[j];
        sum += difference * difference;
    }
    return sum;
}

/* The mean and the standard deviation (of a population; 1 where it is 0) of a column of n rows, or of each, in which NAN is missing
** and counts for neither. Both are exact sums rounded once, so that the order of rows changes nothing. */
athlete_status points_scale(const double *x, size_t n, size_t width, size_t j, athlete_poll *poll,
                            double *mean, double *scale);
athlete_status points_scales(const double *x, size_t n, size_t width, athlete_poll *poll, double *means,
                             double *scales);

/* x in its scales' units from its mean; NAN becomes 0, the mean. */
void points_standardise(double *x, size_t n, size_t width, const double *means, const double *scales);

/* An order of the rows that depends on nothing but what is in them: order[i] is a row, and rows that are alike stand together.
** *n_different is how many rows are not alike. */
athlete_status points_order(const points *of, athlete_budget *budget, athlete_poll *poll, uint32_t *order,
                            size_t *n_different);

#endif
