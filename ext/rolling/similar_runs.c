#include "rolling/similar_runs.h"

#include <math.h>
#include "base/numbers/elementary.h"
#include "base/numbers/exact_sum.h"
#include "base/precondition.h"
#include "rolling/window_statistics.h"

#define STEEPEST        300.0 /* m per km: what is told beyond is no climb that one runs */
#define FLAT            200.0 /* at which climb, in m per km, the pace is twice that on the flat */
#define FADING_RUNS     28.853900817779268 /* 20 runs / ln 2 */
#define USUAL_RUNS      20
#define SMALLEST_WEIGHT 1e-12 /* so that there is always one who answers */
#define OTHER_DAY_COSTS 0.7
#define DISTANCE_SCALE  0.3
#define AGE_SCALE_DAYS  120.0
#define CLIMB_SCALE     10.0
#define HOUR_SCALE      3.0

static double gentle(double climb) {
    return climb < STEEPEST ? climb : STEEPEST;
}

void similar_begin(similar_history *history) {
    history->n = 0;
    history->faded_pace = history->faded_weight = 0;
}

void similar_add(similar_history *history, const similar_run *run) {
    similar_run *kept = &history->last[history->n++ % SIMILAR_RUNS_MAX];
    *kept = *run;
    kept->climb = gentle(run->climb);
    kept->ln_km = elementary_log(run->distance_km);
    double alpha = ewma_alpha(FADING_RUNS);
    history->faded_pace += alpha * (run->pace_min_km - history->faded_pace);
    history->faded_weight += alpha * (1.0 - history->faded_weight);
}

/* The run that was over `ago` runs before the last one. */
static const similar_run *run_before(const similar_history *history, size_t ago) {
    return &history->last[(history->n - 1 - ago) % SIMILAR_RUNS_MAX];
}

/* --- the last runs as they come ------------------------------------------------------------------------- */

static size_t at_most(size_t n, size_t most) {
    return n < most ? n : most;
}

static double mean_pace(const similar_history *history, size_t runs) {
    exact_sum pace = {{0}, 0, 0, 0};
    for (size_t i = 0; i < runs; i++) exact_sum_add(&pace, run_before(history, i)->pace_min_km);
    return exact_sum_value(&pace) / (double)runs;
}

static void tell_usual(const similar_history *history, double *answers) {
    size_t runs = at_most(history->n, USUAL_RUNS);
    double n = (double)runs, best = HUGE_VAL;
    exact_sum pace = {{0}, 0, 0, 0}, squared = {{0}, 0, 0, 0}, ln_km = {{0}, 0, 0, 0}, climb = {{0}, 0, 0, 0};
    for (size_t i = 0; i < runs; i++) {
        const similar_run *run = run_before(history, i);
        exact_sum_add(&pace, run->pace_min_km);
        exact_sum_add(&squared, run->pace_min_km * run->pace_min_km);
        exact_sum_add(&ln_km, run->ln_km);
        exact_sum_add(&climb, run->climb);
        if (run->pace_min_km < best) best = run->pace_min_km;
    }
    double total = exact_sum_value(&pace);
    answers[SIMILAR_best_pace_20] = best;
    answers[SIMILAR_pace_spread_20] = deviation_of((exact_sum_value(&squared) - total * total / n) / n);
    answers[SIMILAR_usual_distance_km] = elementary_exp(exact_sum_value(&ln_km) / n);
    answers[SIMILAR_usual_elevation_per_km] = exact_sum_value(&climb) / n;
    answers[SIMILAR_mean_pace_5] = mean_pace(history, at_most(runs, 5));
    answers[SIMILAR_mean_pace_10] = mean_pace(history, at_most(runs, 10));
    answers[SIMILAR_pace_ewma_20] = history->faded_pace / history->faded_weight;
    answers[SIMILAR_last_pace_min_km] = run_before(history, 0)->pace_min_km;
    answers[SIMILAR_last_distance_km] = run_before(history, 0)->distance_km;
}

/* --- those that are like the one asked of --------------------------------------------------------------- */

static void tell_similar(const similar_history *history, const similar_run *asked, double *answers) {
    exact_sum w = {{0}, 0, 0, 0}, w_w = {{0}, 0, 0, 0}, w_level = {{0}, 0, 0, 0},
              w_level_level = {{0}, 0, 0, 0}, w_age = {{0}, 0, 0, 0}, w_longer = {{0}, 0, 0, 0},
              w_steeper = {{0}, 0, 0, 0};
    size_t runs = at_most(history->n, SIMILAR_RUNS_MAX);
    for (size_t i = 0; i < runs; i++) {
        const similar_run *run = run_before(history, i);
        double level = run->pace_min_km * (FLAT + asked->climb) / (FLAT + run->climb);
        double age = asked->day > run->day ? asked->day - run->day : 0;
        double longer = asked->ln_km - run->ln_km, steeper = asked->climb - run->climb;
        double hours = fabs(asked->hour - run->hour);
        if (24 - hours < hours) hours = 24 - hours;
        double other_day = asked->weekday != run->weekday ? OTHER_DAY_COSTS : 0;
        double weight =
            SMALLEST_WEIGHT + elementary_exp(-fabs(longer) / DISTANCE_SCALE - age / AGE_SCALE_DAYS -
                                             fabs(steeper) / CLIMB_SCALE - hours / HOUR_SCALE - other_day);
        exact_sum_add(&w, weight);
        exact_sum_add(&w_w, weight * weight);
        exact_sum_add(&w_level, weight * level);
        exact_sum_add(&w_level_level, weight * level * level);
        exact_sum_add(&w_age, weight * age);
        exact_sum_add(&w_longer, weight * longer);
        exact_sum_add(&w_steeper, weight * steeper);
    }
    double total = exact_sum_value(&w), level = exact_sum_value(&w_level);
    answers[SIMILAR_similar_pace_min_km] = level / total;
    answers[SIMILAR_similar_spread_min_km] =
        deviation_of((exact_sum_value(&w_level_level) - level * level / total) / total);
    answers[SIMILAR_similar_runs] = total * total / exact_sum_value(&w_w);
    answers[SIMILAR_similar_age_days] = exact_sum_value(&w_age) / total;
    answers[SIMILAR_longer_than_similar] = exact_sum_value(&w_longer) / total;
    answers[SIMILAR_steeper_than_similar] = exact_sum_value(&w_steeper) / total;
}

void similar_ask(const similar_history *history, const similar_run *asked,
                 double answers[SIMILAR_ANSWER_COUNT]) {
    for (int i = 0; i < SIMILAR_ANSWER_COUNT; i++) answers[i] = NAN;
    answers[SIMILAR_earlier_runs] = (double)history->n;
    if (history->n == 0) return;
    tell_usual(history, answers);
    similar_run whole = *asked;
    if (isnan(whole.distance_km)) {
        whole.distance_km = answers[SIMILAR_usual_distance_km];
        whole.climb = answers[SIMILAR_usual_elevation_per_km];
    }
    assert(whole.distance_km > 0);
    whole.climb = gentle(whole.climb);
    whole.ln_km = elementary_log(whole.distance_km);
    tell_similar(history, &whole, answers);
}
