#include "rolling/window_statistics.h"

#include <math.h>
#include "base/numbers/elementary.h"
#include "base/precondition.h"
#include "statistics/interpolate.h"
#include "statistics/select.h"

/* The series t - t^2/2! + t^3/3! ... for t below 1/8, then the identity 1-e^(-2t) = m(2-m) with m = 1-e^(-t). */
double ewma_alpha(double days) {
    double t = 1 / days;
    int doublings = 0;
    for (; t > 0.125; t /= 2) doublings++;
    double m = 0;
    for (int k = 12; k >= 1; k--) m = t / k * (1 - m);
    while (doublings--) m *= 2 - m;
    return m;
}

double deviation_of(double variance) {
    return variance > 0 ? elementary_exp(0.5 * elementary_log(variance)) : 0.0;
}

void moments_add(moments *m, frame_row row) {
    if (m->n++ == 0) {
        m->x0 = row.x;
        m->y0 = row.y;
    }
    double dx = row.x - m->x0, dy = row.y - m->y0;
    sum_add(&m->dx, dx);
    sum_add(&m->dy, dy);
    sum_add(&m->dx_dx, dx * dx);
    sum_add(&m->dx_dy, dx * dy);
}

/* Sum of squares of x around its mean. */
static double spread(const moments *m) {
    double dx = sum_value(&m->dx);
    return sum_value(&m->dx_dx) - dx * dx / (double)m->n;
}

/* A sum that overflowed leaves NAN behind; the caller is to hear that it was too large, not that it does not exist. */
static double too_large_if_nan(double x) {
    return isnan(x) ? HUGE_VAL : x;
}

double moments_slope(const moments *m) {
    if (m->n < 2) return NAN;
    double s_xx = spread(m);
    if (s_xx <= 0) return NAN;
    return too_large_if_nan((sum_value(&m->dx_dy) - sum_value(&m->dx) * sum_value(&m->dy) / (double)m->n) /
                            s_xx);
}

double moments_monotony(const moments *m) {
    if (m->n < 2) return NAN;
    double s_xx = spread(m);
    if (s_xx <= 0) return NAN;
    double n = (double)m->n;
    return too_large_if_nan((m->x0 + sum_value(&m->dx) / n) / sqrt(s_xx / n));
}

double moments_strain(const moments *m) {
    double monotony = moments_monotony(m);
    if (isnan(monotony)) return NAN;
    return too_large_if_nan(((double)m->n * m->x0 + sum_value(&m->dx)) * monotony);
}

/* --- quantile ------------------------------------------------------------------------------------------- */

athlete_status quantile_of(athlete_budget *budget, athlete_poll *poll, const frame_row *rows, size_t n,
                           double q, double *out) {
    assert(n > 0 && q >= 0 && q <= 1);
    *out = NAN;
    if (n == 0) return ATHLETE_OK;
    double *v = memory_alloc(budget, n, sizeof *v);
    if (!v) return memory_status(budget);
    for (size_t i = 0; i < n; i++) v[i] = rows[i].x;
    double place = (double)(n - 1) * q;
    size_t k = (size_t)place;
    athlete_status status = select_smallest(poll, v, n, k);
    if (status == ATHLETE_OK) {
        double next = v[k];
        if (k + 1 < n) {
            next = v[k + 1];
            for (size_t i = k + 2; i < n; i++) next = v[i] < next ? v[i] : next;
        }
        *out = too_large_if_nan(interpolate(v[k], next, place - (double)k));
    }
    memory_free(budget, v);
    return status;
}
