#include "drift/smirnov.h"

#include "base/precondition.h"

/* 2 (A0 (1 - A1 (1 - A2 …))), where Ak is C(2n, n - kh) / C(2n, n - (k - 1) h). */
static athlete_status outside_square(athlete_poll *poll, int64_t n, int64_t h, double *p) {
    double sum = 0;
    for (int64_t k = n / h; k >= 0; k--) {
        double factor = 1;
        for (int64_t j = 0; j < h; j++)
            factor = (double)(n - k * h - j) * factor / (double)(n + k * h + j + 1);
        sum = factor * (1 - sum);
        if (poll_due(poll, 5 * (size_t)h)) return ATHLETE_INTERRUPTED;
    }
    *p = 2 * sum;
    return ATHLETE_OK;
}

/* Rounded up; b is above 0. */
static int64_t quotient_up(int64_t a, int64_t b) {
    return a > 0 ? (a - 1) / b + 1 : -(-a / b);
}

/* Column i of the lattice holds, for each j inside the band |i n - j m| < h g, the chance that a path from (0, 0) to (i, j) has
** left the band: the mean of those to the left and below by the ways that lead there. Outside it is 1. */
static athlete_status outside_band(athlete_poll *poll, int64_t m, int64_t n, int64_t g, int64_t h,
                                   double *column, double *p) {
    int64_t across = m / g, up = n / g;
    int64_t begin = 0, end = quotient_up(h, across);
    if (end > n + 1) end = n + 1;
    for (int64_t j = 0; j <= n; j++) column[j] = j < end ? 0 : 1;
    for (int64_t i = 1; i <= m; i++) {
        int64_t first = up * i >= h ? (up * i - h) / across + 1 : 0;
        if (first > n) first = n;
        end = quotient_up(up * i + h, across);
        if (end > n + 1) end = n + 1;
        if (end <= first) {
            *p = 1;
            return ATHLETE_OK;
        }
        for (int64_t j = begin; j < first; j++) column[j] = 1;
        begin = first;
        double below = begin == 0 ? 0 : 1;
        for (int64_t j = begin; j < end; j++) {
            below = (column[j] * (double)i + below * (double)j) / (double)(i + j);
            column[j] = below;
        }
        if (poll_due(poll, 8 * (size_t)(end - begin))) return ATHLETE_INTERRUPTED;
    }
    *p = column[n];
    return ATHLETE_OK;
}

athlete_status smirnov_exact(athlete_budget *budget, athlete_poll *poll, int64_t m, int64_t n, int64_t g,
                             int64_t h, double *p) {
    assert(m > 0 && n > 0 && h > 0 && m % g == 0 && n % g == 0);
    if (m == n) return outside_square(poll, n, h, p);
    int64_t longer = m > n ? m : n, shorter = m > n ? n : m;
    double *column = memory_alloc(budget, (size_t)shorter + 1, sizeof *column);
    if (!column) return memory_status(budget);
    athlete_status status = outside_band(poll, longer, shorter, g, h, column, p);
    memory_free(budget, column);
    return status;
}
