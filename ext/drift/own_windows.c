#include "drift/own_windows.h"

#include <math.h>
#include <string.h>
#include "drift/cells.h"
#include "statistics/number_sort.h"

/* Numbers between the two quantiles, as shares of the way: nothing overflows, and sums of squares keep their digits. */
typedef struct clip {
    double low, high;
} clip;

static double clipped(clip c, double x) {
    if (x <= c.low) return 0;
    if (x >= c.high) return 1;
    return (x / 2 - c.low / 2) / (c.high / 2 - c.low / 2);
}

/* Of a run of numbers: how many, their sum and that of their squares. */
typedef struct totals {
    double n, sum, squares;
} totals;

static void totals_add(totals *t, double x) {
    t->n++;
    t->sum += x;
    t->squares += x * x;
}

static totals totals_less(totals a, totals b) {
    return (totals){a.n - b.n, a.sum - b.sum, a.squares - b.squares};
}

/* How far the mean of a run lies from that of the rest, in standard deviations of the rest; NAN where the rest does not vary. */
static double distance(totals run, totals rest) {
    double mean = rest.sum / rest.n, variance = rest.squares / rest.n - mean * mean;
    return variance > 1e-9 ? (run.sum / run.n - mean) / sqrt(variance) : NAN;
}

static athlete_status find_clip(athlete_budget *budget, athlete_poll *poll, sample reference, clip *out) {
    double *sorted = memory_alloc(budget, reference.n, sizeof *sorted);
    if (!sorted) return memory_status(budget);
    memcpy(sorted, reference.values, reference.n * sizeof *sorted);
    athlete_status status = number_sort(budget, poll, sorted, reference.n);
    sample all = {sorted, reference.n};
    *out = (clip){sample_quantile(all, 1, 100), sample_quantile(all, 99, 100)};
    memory_free(budget, sorted);
    return status;
}

/* The totals of the first 0, 1 … n numbers. */
static athlete_status sum_up(athlete_poll *poll, sample s, clip c, totals *sums) {
    sums[0] = (totals){0, 0, 0};
    for (size_t i = 0; i < s.n; i++) {
        sums[i + 1] = sums[i];
        totals_add(&sums[i + 1], clipped(c, s.values[i]));
        if (poll_due(poll, 5)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

static athlete_status walk_windows(athlete_poll *poll, const totals *sums, size_t n, size_t length,
                                   own_windows *out) {
    for (size_t i = 0; i + length <= n; i++) {
        totals window = totals_less(sums[i + length], sums[i]);
        double away = fabs(distance(window, totals_less(sums[n], window)));
        if (isnan(away)) out->reason = OWN_WINDOWS_ONE_PIECE;
        else if (away > out->own) out->own = away;
        if (poll_due(poll, 10)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

athlete_status own_windows_compare(athlete_budget *budget, athlete_poll *poll, sample reference,
                                   sample current, own_windows *out) {
    *out = (own_windows){.reason = OWN_WINDOWS_SHORT};
    if (reference.n / 3 < current.n) return ATHLETE_OK;
    clip c = {0, 0};
    athlete_status status = find_clip(budget, poll, reference, &c);
    if (status != ATHLETE_OK) return status;
    out->reason = c.low < c.high ? OWN_WINDOWS_TOLD : OWN_WINDOWS_STILL;
    if (out->reason != OWN_WINDOWS_TOLD) return ATHLETE_OK;
    totals now = {0, 0, 0}, *sums = memory_alloc(budget, reference.n + 1, sizeof *sums);
    if (!sums) return memory_status(budget);
    for (size_t i = 0; i < current.n; i++) totals_add(&now, clipped(c, current.values[i]));
    status = sum_up(poll, reference, c, sums);
    if (status == ATHLETE_OK) status = walk_windows(poll, sums, reference.n, current.n, out);
    out->shift = distance(now, sums[reference.n]);
    memory_free(budget, sums);
    return status;
}
