/* Gradient sums per bin, the only thing that a split is chosen from.
**
** A row's gradient and hessian are fixed-point integers (fixed_point.h). The low bits of the hessian word count rows:
** a row adds 1 there, and as many bits are kept free as n rows can fill, so one addition keeps both sums. With b
** = count_bits(n), gradients are below 2^(53 - b), so every sum is exact in a double too, and hessians below
** 2^min(53 - b, 63 - 2 b). */
#ifndef ATHLETE_TREES_HISTOGRAM_H
#define ATHLETE_TREES_HISTOGRAM_H

#include "trees/bins.h"

#define ATHLETE_MAX_ROWS ((size_t)1 << 26)

typedef struct gradient_sum {
    int64_t gradient;
    int64_t hessian_and_rows;
} gradient_sum;

/* How to read a gradient_sum. */
typedef struct gradient_scale {
    double gradient, hessian; /* integers are the numbers times these powers of two */
    int row_bits;
} gradient_scale;

static inline int64_t sum_rows(gradient_sum sum, const gradient_scale *scale) {
    return sum.hessian_and_rows & (((int64_t)1 << scale->row_bits) - 1);
}

static inline double sum_gradient(gradient_sum sum, const gradient_scale *scale) {
    return (double)sum.gradient / scale->gradient;
}

static inline double sum_hessian(gradient_sum sum, const gradient_scale *scale) {
    return (double)(sum.hessian_and_rows >> scale->row_bits) / scale->hessian;
}

static inline gradient_sum sum_difference(gradient_sum a, gradient_sum b) {
    return (gradient_sum){a.gradient - b.gradient, a.hessian_and_rows - b.hessian_and_rows};
}

/* Rounds n gradients and hessians (not negative) to integers. The choice of scale sees only the largest of each. */
gradient_scale gradients_fix(const double *gradient, const double *hessian, size_t n, gradient_sum *out);

/* The histogram, offset[n_features] slots, of the n given rows. */
athlete_status histogram_build(const bin_matrix *bins, const gradient_sum *gradients, const uint32_t *rows,
                               size_t n, gradient_sum *histogram, athlete_poll *poll);

/* whole -= part: what is left is the histogram of the sibling. */
void histogram_subtract(gradient_sum *whole, const gradient_sum *part, size_t n_slots);

#endif
