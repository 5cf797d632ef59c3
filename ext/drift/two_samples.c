#include "drift/two_samples.h"

#include <math.h>
#include <stdint.h>
#include "base/numbers/sum.h"
#include "drift/kolmogorov.h"
#include "drift/smirnov.h"

#define KS_EXACT_UP_TO 10000

static int64_t greatest_divisor(int64_t a, int64_t b) {
    return b ? greatest_divisor(b, a % b) : a;
}

/* Both samples from value to value: how many of each are at most the value, which both walks below ask for. */
typedef struct walk {
    sample a, b;
    size_t below_a, below_b;
    double value;
} walk;

static bool walk_next(walk *w) {
    bool has_a = w->below_a < w->a.n, has_b = w->below_b < w->b.n;
    if (!has_a && !has_b) return false;
    bool from_a = has_a && (!has_b || w->a.values[w->below_a] <= w->b.values[w->below_b]);
    w->value = from_a ? w->a.values[w->below_a] : w->b.values[w->below_b];
    while (w->below_a < w->a.n && w->a.values[w->below_a] == w->value) w->below_a++;
    while (w->below_b < w->b.n && w->b.values[w->below_b] == w->value) w->below_b++;
    return true;
}

athlete_status wasserstein_distance(athlete_poll *poll, sample a, sample b, double *out) {
    walk w = {.a = a, .b = b};
    athlete_sum sum = {0, 0};
    double height = 0, previous = 0, pairs = (double)a.n * (double)b.n;
    while (walk_next(&w)) {
        if (height > 0) sum_add(&sum, height * (w.value - previous));
        previous = w.value;
        int64_t ahead =
            (int64_t)w.below_a * (int64_t)b.n - (int64_t)w.below_b * (int64_t)a.n; /* whole, so exact */
        height = fabs((double)ahead) / pairs;
        if (poll_due(poll, 10)) return ATHLETE_INTERRUPTED;
    }
    *out = isfinite(sum.high) ? sum_value(&sum) : HUGE_VAL;
    return ATHLETE_OK;
}

/* The statistic as a whole number of 1 / lcm, and as scipy rounds the difference of two fractions. */
typedef struct ks_gap {
    int64_t divisor;
    int64_t a_share, b_share; /* lcm / n of each sample */
    int64_t steps;
    double rounded;
} ks_gap;

static athlete_status find_gap(athlete_poll *poll, sample a, sample b, ks_gap *gap) {
    int64_t divisor = greatest_divisor((int64_t)a.n, (int64_t)b.n);
    *gap = (ks_gap){.divisor = divisor, .a_share = (int64_t)b.n / divisor, .b_share = (int64_t)a.n / divisor};
    walk w = {.a = a, .b = b};
    while (walk_next(&w)) {
        int64_t steps = (int64_t)w.below_a * gap->a_share - (int64_t)w.below_b * gap->b_share;
        double rounded = fabs((double)w.below_a / (double)a.n - (double)w.below_b / (double)b.n);
        if (steps < 0) steps = -steps;
        if (steps > gap->steps) gap->steps = steps;
        if (rounded > gap->rounded) gap->rounded = rounded;
        if (poll_due(poll, 10)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

static double whole_statistic(sample a, const ks_gap *gap) {
    return (double)gap->steps / ((double)a.n * (double)gap->a_share);
}

static bool is_small(sample a, sample b) {
    return a.n <= KS_EXACT_UP_TO && b.n <= KS_EXACT_UP_TO;
}

athlete_status ks_distance(athlete_poll *poll, sample a, sample b, double *out) {
    ks_gap gap;
    athlete_status status = find_gap(poll, a, b, &gap);
    if (status == ATHLETE_OK) *out = is_small(a, b) ? whole_statistic(a, &gap) : gap.rounded;
    return status;
}

/* To the nearest whole number, from the middle to the even one. */
static double nearest_even(double x) {
    double below = floor(x), rest = x - below;
    bool up = rest > 0.5 || (rest == 0.5 && 2 * floor(below / 2) != below);
    return up ? below + 1 : below;
}

static bool allows_exact(sample a, sample b, const ks_gap *gap, ks_method method) {
    if (method == KS_AUTO) return is_small(a, b);
    return method == KS_EXACT && (double)gap->b_share < 2147483647.0 / (double)gap->a_share;
}

athlete_status ks_compare(athlete_budget *budget, athlete_poll *poll, sample a, sample b, ks_method method,
                          ks_result *out) {
    ks_gap gap;
    athlete_status status = find_gap(poll, a, b, &gap);
    if (status != ATHLETE_OK) return status;
    *out = (ks_result){.statistic = gap.rounded, .p = 1};
    if (gap.steps == 0) {
        out->is_exact = allows_exact(a, b, &gap, method);
        return ATHLETE_OK;
    }
    if (allows_exact(a, b, &gap, method)) {
        out->statistic = whole_statistic(a, &gap);
        status = smirnov_exact(budget, poll, (int64_t)a.n, (int64_t)b.n, gap.divisor, gap.steps, &out->p);
        out->is_exact = status == ATHLETE_OK && out->p >= 0 && out->p <= 1;
        if (status != ATHLETE_OK || out->is_exact) return status;
    }
    double larger = (double)(a.n > b.n ? a.n : b.n), smaller = (double)(a.n > b.n ? b.n : a.n);
    double effective = nearest_even(larger * smaller / (larger + smaller));
    out->p = NAN;
    return effective < 1 ? ATHLETE_OK
                         : kolmogorov_tail(budget, poll, (int64_t)effective, out->statistic, &out->p);
}
