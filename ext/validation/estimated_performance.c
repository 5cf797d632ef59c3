#include "validation/estimated_performance.h"

#include <math.h>
#include "base/numbers/exact_sum.h"
#include "base/precondition.h"
#include "statistics/number_sort.h"

#define STANDARD_DEVIATIONS 3

static double outcome(const performance_case *one, bool came) {
    return came ? one->came : one->expected;
}

/* --- decisions ------------------------------------------------------------------------------------------ */

typedef struct confusion {
    double tp, fp, fn, tn;
    double n;
} confusion;

static confusion confusion_of(const performance_case *cases, size_t n, bool came) {
    exact_sum positives[2] = {{{0}, 0, 0, 0}, {{0}, 0, 0, 0}};
    double counts[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
        double share = outcome(&cases[i], came);
        if (isnan(share)) continue;
        exact_sum_add(&positives[cases[i].decision], share);
        counts[cases[i].decision]++;
    }
    double tp = exact_sum_value(&positives[1]), fn = exact_sum_value(&positives[0]);
    return (confusion){tp, counts[1] - tp, fn, counts[0] - fn, counts[0] + counts[1]};
}

/* Without anything below the line, an estimate is 0 and what came is not known. */
static double share_of(double part, double whole, bool came) {
    return whole > 0 ? part / whole : came ? NAN : 0;
}

static double decision_value(performance_metric metric, const confusion *c, bool came) {
    bool is_one_sided = c->tp + c->fn == 0 || c->fp + c->tn == 0 || c->tp + c->fp == 0 || c->fn + c->tn == 0;
    if (c->n == 0) return NAN;
    if (metric == PERFORMANCE_ACCURACY) return (c->tp + c->tn) / c->n;
    if (metric == PERFORMANCE_SPECIFICITY) return share_of(c->tn, c->tn + c->fp, came);
    if (came && is_one_sided) return NAN;
    if (metric == PERFORMANCE_PRECISION) return share_of(c->tp, c->tp + c->fp, came);
    if (metric == PERFORMANCE_RECALL) return share_of(c->tp, c->tp + c->fn, came);
    return share_of(c->tp, c->tp + 0.5 * (c->fp + c->fn), came);
}

/* --- order ---------------------------------------------------------------------------------------------- */

/* The different scores upwards, with how many cases have each and how many of these, in shares, are positive. */
typedef struct score_groups {
    double *scores, *counts, *positives;
    size_t n;
    double n_positive, n_negative;
} score_groups;

static void score_groups_free(score_groups *groups, athlete_budget *budget) {
    memory_free(budget, groups->scores);
    memory_free(budget, groups->counts);
    memory_free(budget, groups->positives);
}

static size_t group_of(const score_groups *groups, double score) {
    size_t low = 0, high = groups->n;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (groups->scores[middle] <= score) low = middle;
        else high = middle;
    }
    return low;
}

/* By score, or by what is expected; turned round, the labels are the other way. */
typedef struct score_order {
    bool came, by_expected, turned_round;
} score_order;

static double key_of(const performance_case *one, score_order order) {
    double key = order.by_expected ? one->expected : one->score;
    return (order.turned_round ? -key : key) + 0.0; /* no -0 */
}

static athlete_status score_groups_make(const performance_case *cases, size_t n, score_order order,
                                        athlete_budget *budget, athlete_poll *poll, score_groups *groups) {
    *groups = (score_groups){.n = 0};
    groups->scores = memory_alloc(budget, n + 1, sizeof *groups->scores);
    if (!groups->scores) return memory_status(budget);
    size_t n_known = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(outcome(&cases[i], order.came))) groups->scores[n_known++] = key_of(&cases[i], order);
    athlete_status status = number_sort(budget, poll, groups->scores, n_known);
    if (status != ATHLETE_OK) return status;
    for (size_t i = 0; i < n_known; i++)
        if (i == 0 || groups->scores[i] != groups->scores[i - 1])
            groups->scores[groups->n++] = groups->scores[i];
    groups->counts = memory_zeroed(budget, groups->n + 1, sizeof *groups->counts);
    groups->positives = memory_zeroed(budget, groups->n + 1, sizeof *groups->positives);
    if (!groups->counts || !groups->positives) return memory_status(budget);
    exact_sum positives = {{0}, 0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        double share = outcome(&cases[i], order.came);
        if (isnan(share)) continue;
        if (order.turned_round) share = 1 - share;
        size_t group = group_of(groups, key_of(&cases[i], order));
        groups->counts[group]++;
        groups->positives[group] += share;
        exact_sum_add(&positives, share);
    }
    groups->n_positive = exact_sum_value(&positives);
    groups->n_negative = (double)n_known - groups->n_positive;
    return poll_due(poll, 40 * n) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

/* Of a positive case: the negative ones below it, ties half, as a share of all; its mean and standard deviation over positive ones. */
static void placement(const score_groups *groups, double *mean, double *spread) {
    double below = 0, sum = 0, squares = 0;
    for (size_t k = 0; k < groups->n; k++) {
        double negatives = groups->counts[k] - groups->positives[k];
        sum += groups->positives[k] * (below + 0.5 * negatives);
        below += negatives;
    }
    *mean = sum / groups->n_positive / groups->n_negative;
    below = 0;
    for (size_t k = 0; k < groups->n; k++) {
        double negatives = groups->counts[k] - groups->positives[k];
        double distance = (below + 0.5 * negatives) / groups->n_negative - *mean;
        squares += groups->positives[k] * distance * distance;
        below += negatives;
    }
    *spread = sqrt(squares / groups->n_positive);
}

static athlete_status place_cases(const performance_case *cases, size_t n, score_order order,
                                  athlete_budget *budget, athlete_poll *poll, double *mean, double *spread) {
    score_groups groups;
    *mean = *spread = NAN;
    athlete_status status = score_groups_make(cases, n, order, budget, poll, &groups);
    if (status == ATHLETE_OK && groups.n_positive > 0 && groups.n_negative > 0)
        placement(&groups, mean, spread);
    score_groups_free(&groups, budget);
    return status;
}

/* --- losses --------------------------------------------------------------------------------------------- */

static double mean_loss(const performance_case *cases, size_t n, bool came) {
    exact_sum sum = {{0}, 0, 0, 0};
    uint32_t n_known = 0;
    for (size_t i = 0; i < n; i++) {
        double loss = outcome(&cases[i], came);
        if (isnan(loss)) continue;
        exact_sum_add(&sum, loss);
        n_known++;
    }
    return n_known > 0 ? exact_sum_mean(&sum, n_known) : NAN;
}

/* The standard deviation, with n below the line, of the numbers that are not NAN. */
static double spread_of(const double *x, size_t n, size_t step, double mean) {
    exact_sum squares = {{0}, 0, 0, 0};
    uint32_t n_known = 0;
    for (size_t i = 0; i < n; i++) {
        double distance = x[i * step] - mean;
        if (isnan(distance)) continue;
        exact_sum_add(&squares, distance * distance);
        n_known++;
    }
    return n_known > 0 ? sqrt(exact_sum_mean(&squares, n_known)) : NAN;
}

/* --- one value ------------------------------------------------------------------------------------------ */

athlete_status performance_value(performance_metric metric, const performance_case *cases, size_t n,
                                 bool came, athlete_budget *budget, athlete_poll *poll, double *value) {
    *value = NAN;
    if (n == 0) return ATHLETE_OK;
    if (metric == PERFORMANCE_ROC_AUC) {
        double spread;
        return place_cases(cases, n, (score_order){.came = came}, budget, poll, value, &spread);
    }
    if (metric >= PERFORMANCE_MEAN_LOSS) {
        *value = mean_loss(cases, n, came);
        if (metric == PERFORMANCE_ROOT_LOSS) *value = sqrt(*value);
    } else {
        confusion counts = confusion_of(cases, n, came);
        *value = decision_value(metric, &counts, came);
    }
    return poll_due(poll, 10 * n) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

/* --- the reference -------------------------------------------------------------------------------------- */

static double spread_of_share(double part, double whole) {
    return sqrt(part / whole * (1 - part / whole));
}

/* Of the rows that a metric is about, each is right (1) or wrong (0): their spread, and their share of all. */
static void fit_decisions(performance_metric metric, const confusion *c, performance_scale *scale) {
    double right = metric == PERFORMANCE_SPECIFICITY ? c->tn : c->tp, about = 0, weight = 1;
    switch (metric) {
    case PERFORMANCE_ACCURACY: right = c->tp + c->tn, about = c->n; break;
    case PERFORMANCE_PRECISION: about = c->tp + c->fp; break;
    case PERFORMANCE_RECALL: about = c->tp + c->fn; break;
    case PERFORMANCE_SPECIFICITY: about = c->tn + c->fp; break;
    default: about = c->tp + c->fp + c->fn, weight = about / (c->tp + 0.5 * (c->fp + c->fn)); break;
    }
    scale->share = about / c->n;
    scale->spread = about > 0 ? weight * spread_of_share(right, about) : NAN;
}

static athlete_status fit_spread(performance_metric metric, const performance_case *cases, size_t n,
                                 athlete_budget *budget, athlete_poll *poll, performance_scale *scale) {
    confusion counts = confusion_of(cases, n, true);
    scale->share = 1;
    if (metric == PERFORMANCE_ROC_AUC) {
        double mean, positives = counts.tp + counts.fn;
        bool turned_round = positives > 0.5 * counts.n; /* the rarer label is the positive one */
        scale->share = (turned_round ? counts.n - positives : positives) / counts.n;
        return place_cases(cases, n,
                           (score_order){.came = true, .by_expected = true, .turned_round = turned_round},
                           budget, poll, &mean, &scale->spread);
    }
    if (metric < PERFORMANCE_MEAN_LOSS) {
        fit_decisions(metric, &counts, scale);
        return ATHLETE_OK;
    }
    double mean = mean_loss(cases, n, true);
    scale->spread = spread_of(&cases->came, n, sizeof *cases / sizeof(double), mean);
    if (metric == PERFORMANCE_ROOT_LOSS) scale->spread = mean > 0 ? scale->spread / (2 * sqrt(mean)) : 0;
    return ATHLETE_OK;
}

static double kept_possible(performance_metric metric, double value) {
    if (value < 0) return 0;
    return metric <= PERFORMANCE_F1 && value > 1 ? 1 : value;
}

static void fit_thresholds(performance_metric metric, const double *values, size_t n,
                           performance_scale *scale) {
    exact_sum sum = {{0}, 0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        if (isnan(values[i])) continue;
        exact_sum_add(&sum, values[i]);
        scale->n_chunks++;
    }
    if (scale->n_chunks == 0) return;
    double mean = exact_sum_mean(&sum, (uint32_t)scale->n_chunks);
    double margin = STANDARD_DEVIATIONS * spread_of(values, n, 1, mean);
    scale->lower = kept_possible(metric, mean - margin);
    scale->upper = kept_possible(metric, mean + margin);
}

_Static_assert(sizeof(performance_case) % sizeof(double) == 0, "spread_of steps over cases by doubles");

athlete_status performance_fit(performance_metric metric, const performance_case *cases, size_t n,
                               size_t chunk_size, athlete_budget *budget, athlete_poll *poll,
                               performance_scale *scale) {
    assert(chunk_size > 0);
    *scale = (performance_scale){NAN, NAN, NAN, NAN, 0};
    if (n == 0) return ATHLETE_OK;
    size_t n_chunks = (n - 1) / chunk_size + 1;
    double *values = memory_alloc(budget, n_chunks, sizeof *values);
    if (!values) return memory_status(budget);
    athlete_status status = fit_spread(metric, cases, n, budget, poll, scale);
    for (size_t i = 0; i < n_chunks && status == ATHLETE_OK; i++) {
        size_t start = i * chunk_size, left = n - start;
        status = performance_value(metric, cases + start, left < chunk_size ? left : chunk_size, true, budget,
                                   poll, &values[i]);
    }
    if (status == ATHLETE_OK) fit_thresholds(metric, values, n_chunks, scale);
    memory_free(budget, values);
    return status;
}

performance_band performance_band_of(performance_metric metric, const performance_scale *scale,
                                     double estimated, size_t n) {
    double error = scale->spread / sqrt((double)n * scale->share);
    if (!isfinite(error)) error = NAN;
    return (performance_band){error, kept_possible(metric, estimated - STANDARD_DEVIATIONS * error),
                              kept_possible(metric, estimated + STANDARD_DEVIATIONS * error)};
}
