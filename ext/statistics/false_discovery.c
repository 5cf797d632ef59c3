#include "statistics/false_discovery.h"

#include <math.h>
#include "statistics/number_sort.h"

/* The place of the first of the sorted numbers that is not below x. */
static size_t rate_place(const double *sorted, size_t n, double x) {
    size_t low = 0;
    while (n > 0) {
        size_t half = n / 2;
        if (sorted[low + half] < x) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

athlete_status false_discovery_rates(athlete_budget *budget, athlete_poll *poll, double *p, size_t n) {
    double *sorted = memory_alloc(budget, 2 * n + 1, sizeof *sorted), *rates = sorted + n;
    if (!sorted) return memory_status(budget);
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(p[i])) sorted[m++] = p[i];
    athlete_status status = number_sort(budget, poll, sorted, m);
    double least = 1;
    for (size_t k = m; k > 0; k--) {
        double rate = sorted[k - 1] * (double)m / (double)k;
        if (rate < least) least = rate;
        rates[k - 1] = least;
    }
    for (size_t i = 0; i < n && status == ATHLETE_OK; i++) {
        if (!isnan(p[i])) p[i] = rates[rate_place(sorted, m, p[i])];
        if (poll_due(poll, 40)) status = ATHLETE_INTERRUPTED;
    }
    memory_free(budget, sorted);
    return status;
}
