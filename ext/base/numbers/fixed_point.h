/* Sums that do not depend on the order of their terms.
**
** Floating-point addition rounds, so the same numbers added in another order give another sum. Integer addition does
** not. Numbers are therefore scaled by a power of two, chosen from the largest of them so that no sum can overflow,
** rounded to integers once, and added as integers: rows in any order, histograms subtracted or built, one thread or
** several, give the same bits. */
#ifndef ATHLETE_BASE_NUMBERS_FIXED_POINT_H
#define ATHLETE_BASE_NUMBERS_FIXED_POINT_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* Bits that hold any count from 0 to n. */
static inline int count_bits(uint64_t n) {
    int bits = 0;
    for (; n > 0; n >>= 1) bits++;
    return bits;
}

/* A power of two that takes numbers of at most `largest` in size to less than 2^bits, or 1 if all are zero. The
** numbers here come from float32 by a product or two, far from where the power itself would overflow. */
static inline double fixed_point_scale(double largest, int bits) {
    int exponent;
    if (largest == 0) return 1;
    frexp(largest, &exponent);
    return ldexp(1, bits - exponent);
}

static inline int64_t fixed_point(double x, double scale) {
    return (int64_t)(x * scale + (x < 0 ? -0.5 : 0.5));
}

static inline double fixed_point_largest(const double *x, size_t n) {
    double largest = 0;
    for (size_t i = 0; i < n; i++) largest = fabs(x[i]) > largest ? fabs(x[i]) : largest;
    return largest;
}

/* The scale of a sum of numbers of at most `largest` in size, each times its weight in units (weights.h) if there are any; `total` is
** the sum of the units, or how many numbers there are. */
static inline double fixed_point_sum_scale(double largest, uint64_t total) {
    return fixed_point_scale(largest, 62 - count_bits(total));
}

/* Some of the numbers of such a sum. A number is rounded to an integer before it is multiplied, and how finely depends on the total
** and not on n: a weight of 2 gives the same bits as a number that comes twice. */
static inline int64_t fixed_point_add(const double *x, const uint32_t *units, size_t n, double scale) {
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) sum += fixed_point(x[i], scale) * (units ? (int64_t)units[i] : 1);
    return sum;
}

/* All of them. */
static inline double fixed_point_sum(const double *x, const uint32_t *units, uint64_t total, size_t n) {
    double scale = fixed_point_sum_scale(fixed_point_largest(x, n), total);
    return (double)fixed_point_add(x, units, n, scale) / scale;
}

#endif
