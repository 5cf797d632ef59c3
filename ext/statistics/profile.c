#include "statistics/profile.h"

#include <math.h>
#include "base/numbers/exact_sum.h"
#include "statistics/number_sort.h"
#include "statistics/sorted_quantile.h"

static double profile_quantile(const double *sorted, size_t n, double q) {
    double x = sorted_quantile(sorted, n, q);
    return isfinite(x) ? x : NAN;
}

static athlete_status profile_mean(athlete_poll *poll, const double *v, size_t n, double *mean) {
    exact_sum sum = {0};
    for (size_t i = 0; i < n; i++) {
        exact_sum_add(&sum, v[i]);
        if (poll_due(poll, 10)) return ATHLETE_INTERRUPTED;
    }
    *mean = exact_sum_mean(&sum, (uint32_t)n);
    return ATHLETE_OK;
}

/* From sums that are not rounded: of the squares of what each is above the least, so that few digits are lost. */
static athlete_status profile_variance(athlete_poll *poll, const double *sorted, size_t n, double *variance) {
    exact_sum sum = {0}, squares = {0};
    double widest = sorted[n - 1] - sorted[0];
    if (n < 2 || !isfinite(widest * widest)) return ATHLETE_OK;
    for (size_t i = 0; i < n; i++) {
        double above = sorted[i] - sorted[0];
        exact_sum_add(&sum, above);
        exact_sum_add(&squares, above * above);
        if (poll_due(poll, 20)) return ATHLETE_INTERRUPTED;
    }
    double mean = exact_sum_mean(&sum, (uint32_t)n), square = exact_sum_mean(&squares, (uint32_t)n);
    *variance = (square - mean * mean) * (double)n / (double)(n - 1);
    return ATHLETE_OK;
}

athlete_status number_profile_of(athlete_budget *budget, athlete_poll *poll, double *v, size_t n,
                                 number_profile *out) {
    static const double shares[PROFILE_QUANTILES] = {0.05, 0.25, 0.5, 0.75, 0.95};
    *out = (number_profile){.mean = NAN, .variance = NAN};
    for (int q = 0; q < PROFILE_QUANTILES; q++) out->quantiles[q] = NAN;
    athlete_status status = number_sort(budget, poll, v, n);
    for (size_t i = 0; i < n; i++) {
        out->n_zeros += v[i] == 0;
        out->n_distinct += i == 0 || v[i] != v[i - 1];
        if (poll_due(poll, 1)) return ATHLETE_INTERRUPTED;
    }
    if (status != ATHLETE_OK || n == 0 || !isfinite(v[0]) || !isfinite(v[n - 1])) return status;
    for (int q = 0; q < PROFILE_QUANTILES; q++) out->quantiles[q] = profile_quantile(v, n, shares[q]);
    status = profile_mean(poll, v, n, &out->mean);
    return status == ATHLETE_OK ? profile_variance(poll, v, n, &out->variance) : status;
}
