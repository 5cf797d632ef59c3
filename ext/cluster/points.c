#include "cluster/points.h"

#include <math.h>
#include <string.h>
#include "base/numbers/exact_sum.h"
#include "base/numbers/random.h"
#include "base/precondition.h"
#include "statistics/category.h"

/* The exact mean of column j, or of its squared distances from `from` where that is a number; 0 without any number. */
static double column_mean(const double *x, size_t n, size_t width, size_t j, double from,
                          athlete_poll *poll) {
    exact_sum sum = {.n_unsettled = 0};
    uint32_t known = 0;
    for (size_t i = 0; i < n; i++) {
        double cell = x[i * width + j], distance = cell - from;
        if (poll_due(poll, 10)) return 0;
        if (isnan(cell)) continue;
        exact_sum_add(&sum, isnan(from) ? cell : distance * distance);
        known++;
    }
    return known > 0 ? exact_sum_mean(&sum, known) : 0;
}

athlete_status points_scale(const double *x, size_t n, size_t width, size_t j, athlete_poll *poll,
                            double *mean, double *scale) {
    assert(n <= UINT32_MAX && j < width);
    *mean = column_mean(x, n, width, j, NAN, poll);
    *scale = sqrt(column_mean(x, n, width, j, *mean, poll));
    if (*scale == 0) *scale = 1;
    return poll->stopped ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

athlete_status points_scales(const double *x, size_t n, size_t width, athlete_poll *poll, double *means,
                             double *scales) {
    athlete_status status = ATHLETE_OK;
    for (size_t j = 0; j < width && status == ATHLETE_OK; j++)
        status = points_scale(x, n, width, j, poll, &means[j], &scales[j]);
    return status;
}

void points_standardise(double *x, size_t n, size_t width, const double *means, const double *scales) {
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < width; j++) {
            double *cell = &x[i * width + j];
            *cell = isnan(*cell) ? 0 : (*cell - means[j]) / scales[j] + 0.0; /* no -0 */
        }
    }
}

static uint64_t point_key(const double *x, size_t width) {
    uint64_t key = width;
    for (size_t j = 0; j < width; j++) {
        uint64_t bits;
        double cell = x[j] + 0.0; /* -0 is 0 */
        memcpy(&bits, &cell, sizeof bits);
        key = random_mix(key + 0x9e3779b97f4a7c15u + bits);
    }
    return key;
}

athlete_status points_order(const points *of, athlete_budget *budget, athlete_poll *poll, uint32_t *order,
                            size_t *n_different) {
    uint64_t *keys = memory_alloc(budget, of->n, sizeof *keys);
    uint32_t *codes = memory_alloc(budget, of->n, sizeof *codes);
    size_t *end = NULL;
    athlete_status status = keys && codes ? ATHLETE_OK : memory_status(budget);
    for (size_t i = 0; i < of->n && status == ATHLETE_OK; i++) {
        keys[i] = point_key(point(of, i), of->width);
        if (poll_due(poll, 3 * of->width)) status = ATHLETE_INTERRUPTED;
    }
    if (status == ATHLETE_OK) status = category_ranks(keys, of->n, budget, poll, codes, n_different);
    if (status == ATHLETE_OK) {
        end = memory_alloc(budget, *n_different, sizeof *end);
        if (end) category_rows(codes, of->n, *n_different, end, order);
        else status = memory_status(budget);
    }
    memory_free(budget, keys);
    memory_free(budget, codes);
    memory_free(budget, end);
    return status;
}
