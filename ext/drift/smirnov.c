#include "drift/smirnov.h"

#include <stdbool.h>
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

/* a / b rounded down; b is above 0. */
static int64_t quotient_down(int64_t a, int64_t b) {
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

/* One diagonal i + j = d of the lattice out of the one before, each as an array over j. No cell waits for another. */
static void cross_diagonal(const double *restrict before, double *restrict after,
                           const double *restrict index, int64_t first, int64_t last, double d) {
    for (int64_t j = first; j <= last; j++)
        after[j] = (before[j] * (d - index[j]) + before[j - 1] * index[j]) / d;
}

/* Cell (i, j) of the lattice, inside the band |i n - j m| < h g, is the chance that a path from (0, 0) to there has left the band:
** the mean of those to the left and below by the ways that lead there. Outside it is 1. The arrays have a cell at -1 and one at
** n + 1, which count as outside: what leads there from an edge of the lattice has no way. */
static athlete_status outside_band(athlete_poll *poll, int64_t m, int64_t n, int64_t g, int64_t h,
                                   double *rows[2], const double *index, double *p) {
    int64_t across = m / g, up = n / g;
    for (int64_t j = -1; j <= n + 1; j++) rows[0][j] = rows[1][j] = 1;
    rows[0][0] = 0;
    for (int64_t d = 1; d <= m + n; d++) {
        double *before = rows[(d - 1) & 1], *after = rows[d & 1];
        int64_t first = quotient_down(up * d - h, up + across) + 1;
        int64_t last = quotient_down(up * d + h - 1, up + across);
        bool is_open = first > 0 && first > d - m; /* the band ends before the lattice does */
        if (!is_open) first = d > m ? d - m : 0;
        if (last > n) last = n;
        if (last > d) last = d;
        cross_diagonal(before, after, index, first, last, (double)d);
        if (is_open) after[first - 1] = 1;
        after[last + 1] = 1;
        if (poll_due(poll, 3 * (size_t)(last - first + 2))) return ATHLETE_INTERRUPTED;
    }
    *p = rows[(m + n) & 1][n];
    return ATHLETE_OK;
}

athlete_status smirnov_exact(athlete_budget *budget, athlete_poll *poll, int64_t m, int64_t n, int64_t g,
                             int64_t h, double *p) {
    assert(m > 0 && n > 0 && h > 0 && m % g == 0 && n % g == 0);
    if (m == n) return outside_square(poll, n, h, p);
    int64_t longer = m > n ? m : n, shorter = m > n ? n : m;
    size_t width = (size_t)shorter + 3;
    double *room = memory_alloc(budget, width, 3 * sizeof *room);
    if (!room) return memory_status(budget);
    double *rows[2] = {room + 1, room + width + 1}, *index = room + 2 * width + 1;
    for (int64_t j = 0; j <= shorter; j++) index[j] = (double)j;
    athlete_status status = outside_band(poll, longer, shorter, g, h, rows, index, p);
    memory_free(budget, room);
    return status;
}
