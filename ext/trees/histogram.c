#include "trees/histogram.h"

#include <string.h>
#include "trees/fixed_point.h"

#define BLOCK_ROWS 1024 /* between polls */

gradient_scale gradients_fix(const double *gradient, const double *hessian, size_t n, gradient_sum *out) {
    double largest_gradient = 0, largest_hessian = 0;
    for (size_t i = 0; i < n; i++) {
        double size = fabs(gradient[i]);
        largest_gradient = size > largest_gradient ? size : largest_gradient;
        largest_hessian = hessian[i] > largest_hessian ? hessian[i] : largest_hessian;
    }
    int row_bits = count_bits(n);
    int hessian_bits = 63 - 2 * row_bits < 53 - row_bits ? 63 - 2 * row_bits : 53 - row_bits;
    gradient_scale scale = {
        .gradient = fixed_point_scale(largest_gradient, 53 - row_bits),
        .hessian = fixed_point_scale(largest_hessian, hessian_bits),
        .row_bits = row_bits,
    };
    for (size_t i = 0; i < n; i++) {
        out[i].gradient = fixed_point(gradient[i], scale.gradient);
        out[i].hessian_and_rows = fixed_point(hessian[i], scale.hessian) * ((int64_t)1 << row_bits) + 1;
    }
    return scale;
}

/* Row by row: a row's codes are contiguous, its gradient stays in one register, and the histogram of a few dozen
** features stays in the first-level cache. */
static void add_rows(const bin_matrix *bins, const gradient_sum *gradients, const uint32_t *rows, size_t n,
                     gradient_sum *restrict histogram) {
    size_t n_features = (size_t)bins->n_features;
    const uint32_t *offset = bins->offset;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *codes = bins->codes + (size_t)rows[i] * n_features;
        int64_t gradient = gradients[rows[i]].gradient;
        int64_t hessian_and_rows = gradients[rows[i]].hessian_and_rows;
        for (size_t f = 0; f < n_features; f++) {
            gradient_sum *slot = &histogram[offset[f] + codes[f]];
            slot->gradient += gradient;
            slot->hessian_and_rows += hessian_and_rows;
        }
    }
}

athlete_status histogram_build(const bin_matrix *bins, const gradient_sum *gradients, const uint32_t *rows,
                               size_t n, gradient_sum *histogram, athlete_poll *poll) {
    memset(histogram, 0, bins->offset[bins->n_features] * sizeof *histogram);
    for (size_t start = 0; start < n; start += BLOCK_ROWS) {
        size_t block = n - start < BLOCK_ROWS ? n - start : BLOCK_ROWS;
        add_rows(bins, gradients, rows + start, block, histogram);
        if (poll_due(poll, block * (size_t)bins->n_features)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

void histogram_subtract(gradient_sum *whole, const gradient_sum *part, size_t n_slots) {
    for (size_t i = 0; i < n_slots; i++) whole[i] = sum_difference(whole[i], part[i]);
}
