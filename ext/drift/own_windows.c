#include "drift/own_windows.h"

#include <math.h>
#include "base/precondition.h"
#include "drift/cells.h"

/* Numbers between the two quantiles, as shares of the way: nothing overflows, and sums of squares keep their digits. */
typedef struct winsor_range {
    double low, high;
} winsor_range;

static double winsorised(winsor_range c, double x) {
    if (x <= c.low) return 0;
    if (x >= c.high) return 1;
    return (x / 2 - c.low / 2) / (c.high / 2 - c.low / 2);
}

/* Of a run of numbers: how many, their sum and that of their squares. */
typedef struct window_totals {
    double n, sum, squares;
} window_totals;

static void window_totals_add(window_totals *t, double x) {
    t->n++;
    t->sum += x;
    t->squares += x * x;
}

static window_totals window_totals_less(window_totals a, window_totals b) {
    return (window_totals){a.n - b.n, a.sum - b.sum, a.squares - b.squares};
}

static double window_deviation(window_totals t) {
    double mean = t.sum / t.n, variance = t.squares / t.n - mean * mean;
    return variance > 1e-9 ? sqrt(variance) : NAN;
}

/* How far the mean of a run lies from that of the rest, in standard deviations of the rest; NAN where the rest does not vary. */
static double window_distance(window_totals run, window_totals rest) {
    return (run.sum / run.n - rest.sum / rest.n) / window_deviation(rest);
}

/* The smallest step between two numbers that lie one after the other, as a share of the way. */
static double smallest_step(sample sorted, winsor_range c) {
    double step = 1, before = winsorised(c, sorted.values[0]);
    for (size_t i = 1; i < sorted.n; i++) {
        double here = winsorised(c, sorted.values[i]), up = here - before;
        if (up > 0 && up < step) step = up;
        before = here;
    }
    return step;
}

/* The totals of the first 0, 1 … n numbers. */
static athlete_status sum_up(athlete_poll *poll, sample s, winsor_range c, window_totals *sums) {
    sums[0] = (window_totals){0, 0, 0};
    for (size_t i = 0; i < s.n; i++) {
        sums[i + 1] = sums[i];
        window_totals_add(&sums[i + 1], winsorised(c, s.values[i]));
        if (poll_due(poll, 5)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

static athlete_status walk_windows(athlete_poll *poll, const window_totals *sums, size_t n, size_t length,
                                   own_windows *out) {
    for (size_t i = 0; i + length <= n; i++) {
        window_totals window = window_totals_less(sums[i + length], sums[i]);
        double away = fabs(window_distance(window, window_totals_less(sums[n], window)));
        if (isnan(away)) out->reason = OWN_WINDOWS_ONE_PIECE;
        else if (away > out->own) out->own = away;
        if (poll_due(poll, 10)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

athlete_status own_windows_compare(athlete_budget *budget, athlete_poll *poll, sample reference,
                                   sample sorted, sample current, own_windows *out) {
    assert(sorted.n == reference.n);
    *out = (own_windows){.reason = OWN_WINDOWS_SHORT};
    if (reference.n / 3 < current.n) return ATHLETE_OK;
    winsor_range c = {sample_quantile(sorted, 1, 100), sample_quantile(sorted, 99, 100)};
    double step = smallest_step(sorted, c);
    athlete_status status = ATHLETE_OK;
    out->reason = c.low < c.high ? OWN_WINDOWS_TOLD : OWN_WINDOWS_STILL;
    if (out->reason != OWN_WINDOWS_TOLD) return ATHLETE_OK;
    window_totals now = {0, 0, 0}, *sums = memory_alloc(budget, reference.n + 1, sizeof *sums);
    if (!sums) return memory_status(budget);
    for (size_t i = 0; i < current.n && status == ATHLETE_OK; i++) {
        window_totals_add(&now, winsorised(c, current.values[i]));
        if (poll_due(poll, 5)) status = ATHLETE_INTERRUPTED;
    }
    if (status == ATHLETE_OK) status = sum_up(poll, reference, c, sums);
    if (status == ATHLETE_OK) status = walk_windows(poll, sums, reference.n, current.n, out);
    out->shift = window_distance(now, sums[reference.n]);
    out->grain = step / 2 / now.n / window_deviation(sums[reference.n]);
    out->limit = OWN_WINDOWS_LIMIT * out->own + out->grain;
    memory_free(budget, sums);
    return status;
}

const char *own_windows_sentence(own_windows_reason reason) {
    static const char *const sentences[] = {
        [OWN_WINDOWS_SHORT] = "the reference has fewer than three times the current rows",
        [OWN_WINDOWS_STILL] = "98 % of the reference are one number",
        [OWN_WINDOWS_ONE_PIECE] = "the reference varies in one stretch only"};
    return sentences[reason];
}
