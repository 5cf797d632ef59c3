#include "cluster/agreement.h"

#include <math.h>
#include <string.h>
#include "base/numbers/exact_sum.h"
#include "statistics/category.h"

/* --- adjusted Rand index -------------------------------------------------------------------------------- */

/* Of n codes: the sum over codes of its number of rows squared, at most n^2 <= 2^62. */
static athlete_status sum_of_squares(const uint32_t *codes, size_t n, size_t n_codes, athlete_budget *budget,
                                     uint64_t *sum) {
    uint32_t *counts = memory_zeroed(budget, n_codes, sizeof *counts);
    if (!counts) return memory_status(budget);
    for (size_t i = 0; i < n; i++) counts[codes[i]]++;
    *sum = 0;
    for (size_t c = 0; c < n_codes; c++) *sum += (uint64_t)counts[c] * counts[c];
    memory_free(budget, counts);
    return ATHLETE_OK;
}

/* Adds x y, or takes it off, as products of 26 bits each, which a double holds. */
static void add_product(exact_sum *sum, uint64_t x, uint64_t y, double sign) {
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            uint64_t part = (x >> (26 * i) & 0x3ffffff) * (y >> (26 * j) & 0x3ffffff);
            exact_sum_add(sum, sign * ldexp((double)part, 26 * (i + j)));
        }
    }
}

/* Ordered pairs of rows that are together in both (tp), apart in both (tn), or together in one alone. */
static double rand_of_pairs(uint64_t tp, uint64_t tn, uint64_t fp, uint64_t fn) {
    exact_sum above = {.n_unsettled = 0}, below = {.n_unsettled = 0};
    if (fp == 0 && fn == 0) return 1;
    add_product(&above, tp, tn, 1);
    add_product(&above, fn, fp, -1);
    add_product(&below, tp + fn, fn + tn, 1);
    add_product(&below, tp + fp, fp + tn, 1);
    return 2 * exact_sum_value(&above) / exact_sum_value(&below);
}

athlete_status adjusted_rand(const uint64_t *a, const uint64_t *b, size_t n, athlete_budget *budget,
                             athlete_poll *poll, double *index) {
    *index = 1;
    if (n < 2) return ATHLETE_OK;
    if (n >= POINTS_MAX) return ATHLETE_OVER_LIMIT;
    uint32_t *codes = memory_alloc(budget, 3 * n, sizeof *codes);
    uint64_t *both = memory_alloc(budget, n, sizeof *both);
    size_t n_a = 0, n_b = 0, n_both = 0;
    uint64_t squares_a = 0, squares_b = 0, squares_both = 0;
    athlete_status status = codes && both ? ATHLETE_OK : memory_status(budget);
    if (status == ATHLETE_OK) status = category_codes(a, n, budget, poll, codes, &n_a);
    if (status == ATHLETE_OK) status = category_codes(b, n, budget, poll, codes + n, &n_b);
    for (size_t i = 0; i < n && status == ATHLETE_OK; i++)
        both[i] = ((uint64_t)codes[i] << 32 | codes[n + i]) + 1;
    if (status == ATHLETE_OK) status = category_codes(both, n, budget, poll, codes + 2 * n, &n_both);
    if (status == ATHLETE_OK) status = sum_of_squares(codes, n, n_a, budget, &squares_a);
    if (status == ATHLETE_OK) status = sum_of_squares(codes + n, n, n_b, budget, &squares_b);
    if (status == ATHLETE_OK) status = sum_of_squares(codes + 2 * n, n, n_both, budget, &squares_both);
    if (status == ATHLETE_OK) {
        uint64_t fp = squares_a - squares_both, fn = squares_b - squares_both, tp = squares_both - n;
        *index = rand_of_pairs(tp, (uint64_t)n * n - n - tp - fp - fn, fp, fn);
    }
    memory_free(budget, codes);
    memory_free(budget, both);
    return status;
}

/* --- silhouette ----------------------------------------------------------------------------------------- */

/* `sums` has room for k numbers. */
static double point_silhouette(const points *of, size_t i, const uint32_t *labels, size_t k,
                               const size_t *sizes, double *sums) {
    size_t own = labels[i];
    if (sizes[own] < 2) return 0;
    for (size_t c = 0; c < k; c++) sums[c] = 0;
    for (size_t other = 0; other < of->n; other++)
        sums[labels[other]] += sqrt(squared_distance(point(of, i), point(of, other), of->width));
    double a = sums[own] / (double)(sizes[own] - 1), b = HUGE_VAL;
    for (size_t c = 0; c < k; c++) {
        if (c != own && sizes[c] > 0) b = fmin(b, sums[c] / (double)sizes[c]);
    }
    double larger = fmax(a, b);
    return larger > 0 ? (b - a) / larger : 0;
}

static silhouette_mean mean_of_points(const double *of_point, size_t n) {
    exact_sum sum = {.n_unsettled = 0}, squares = {.n_unsettled = 0};
    for (size_t i = 0; i < n; i++) exact_sum_add(&sum, of_point[i]);
    double mean = exact_sum_mean(&sum, (uint32_t)n);
    for (size_t i = 0; i < n; i++) exact_sum_add(&squares, (of_point[i] - mean) * (of_point[i] - mean));
    return (silhouette_mean){mean, sqrt(exact_sum_mean(&squares, (uint32_t)n) / (double)n)};
}

athlete_status mean_silhouette(const points *of, const uint32_t *labels, size_t k, athlete_budget *budget,
                               athlete_poll *poll, silhouette_mean *silhouette) {
    *silhouette = (silhouette_mean){NAN, NAN};
    size_t *sizes = memory_zeroed(budget, k ? k : 1, sizeof *sizes);
    double *sums = memory_alloc(budget, k + of->n, sizeof *sums), *of_point = sums ? sums + k : NULL;
    athlete_status status = sizes && sums ? ATHLETE_OK : memory_status(budget);
    size_t used = 0;
    for (size_t i = 0; i < of->n && status == ATHLETE_OK; i++) used += sizes[labels[i]]++ == 0;
    if (used >= 2 && used < of->n) {
        for (size_t i = 0; i < of->n && status == ATHLETE_OK; i++) {
            of_point[i] = point_silhouette(of, i, labels, k, sizes, sums);
            if (poll_due(poll, of->n * (of->width + 8))) status = ATHLETE_INTERRUPTED;
        }
        if (status == ATHLETE_OK) *silhouette = mean_of_points(of_point, of->n);
    }
    memory_free(budget, sizes);
    memory_free(budget, sums);
    return status;
}

/* The points and their keys in the order of what is in the points. */
static void in_order(const points *of, const uint64_t *keys, const uint32_t *order, double *x,
                     uint64_t *ordered) {
    for (size_t i = 0; i < of->n; i++) {
        memcpy(x + i * of->width, point(of, order[i]), of->width * sizeof *x);
        ordered[i] = keys[order[i]];
    }
}

athlete_status silhouette_of_keys(const points *of, const uint64_t *keys, athlete_budget *budget,
                                  athlete_poll *poll, double *silhouette) {
    size_t n_different, n_codes = 0;
    uint32_t *order = memory_alloc(budget, 2 * of->n, sizeof *order), *codes = order ? order + of->n : NULL;
    double *x = memory_alloc(budget, of->n * of->width, sizeof *x);
    uint64_t *ordered = memory_alloc(budget, of->n, sizeof *ordered);
    athlete_status status = order && x && ordered ? ATHLETE_OK : memory_status(budget);
    if (status == ATHLETE_OK) status = points_order(of, budget, poll, order, &n_different);
    if (status == ATHLETE_OK) {
        const points sorted = {x, of->n, of->width};
        in_order(of, keys, order, x, ordered);
        status = category_codes(ordered, of->n, budget, poll, codes, &n_codes);
        silhouette_mean found = {NAN, NAN};
        if (status == ATHLETE_OK) status = mean_silhouette(&sorted, codes, n_codes, budget, poll, &found);
        *silhouette = found.mean;
    }
    memory_free(budget, order);
    memory_free(budget, x);
    memory_free(budget, ordered);
    return status;
}
