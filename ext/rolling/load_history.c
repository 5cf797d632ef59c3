#include "rolling/load_history.h"

#include <math.h>
#include <string.h>
#include "rolling/window_statistics.h"

static const int long_days[LONG_COUNT] = {30, 90};
static const int long_window[LONG_COUNT] = {WINDOW_30, WINDOW_90};

#define COARSE_UNITS    16777216.0    /* 2^24 to 1 */
#define FINE_PER_COARSE 68719476736.0 /* 2^36 */

static inline const load_day *ring_day(const load_history *h, int64_t age) {
    return &h->ring[(uint64_t)(h->day - age) % LOAD_RING];
}

/* The day that is filling. */
static inline load_day *ring_open_day(load_history *h) {
    return &h->ring[(uint64_t)(h->day + 1) % LOAD_RING];
}

static inline double fixed_value(int64_t coarse, int64_t fine) {
    return (double)coarse / COARSE_UNITS + (double)fine / (COARSE_UNITS * FINE_PER_COARSE);
}

static inline double value_of(const load_sums *sums, int which) {
    return fixed_value(sums->of[which], sums->of[which + 1]);
}

static inline void value_add(load_sums *sums, int which, double x) {
    double scaled = x * COARSE_UNITS;
    int64_t coarse = (int64_t)scaled;
    sums->of[which] += coarse;
    sums->of[which + 1] += (int64_t)((scaled - (double)coarse) * FINE_PER_COARSE + 0.5);
}

/* --- a day passes --------------------------------------------------------------------------------------- */

static inline void day_clear(load_day *day) {
    for (int i = 0; i < SUM_COUNT; i++) day->sums.of[i] = 0;
    day->key[KEY_LONGEST_KM] = 0;
    day->key[KEY_FASTEST] = -HUGE_VAL;
    day->tss = 0;
}

void history_begin(load_history *h) {
    memset(h, 0, sizeof *h);
    for (int i = 0; i < LOAD_RING; i++) day_clear(&h->ring[i]);
    h->alpha_42 = ewma_alpha(42);
    h->alpha_7 = ewma_alpha(7);
    for (int i = 0; i < LONG_COUNT; i++) {
        for (int k = 0; k < KEY_COUNT; k++) h->extremes[i][k] = (load_extreme){.value = -HUGE_VAL};
    }
}

athlete_status history_add(load_history *h, const load_activity *activity) {
    load_day *today = ring_open_day(h);
    if (today->sums.of[SUM_ACTIVITIES] >= LOAD_ACTIVITIES_PER_DAY_MAX) return ATHLETE_OVER_LIMIT;
    today->sums.of[SUM_ACTIVITIES]++;
    today->sums.of[SUM_ACTIVE_DAYS] = 1;
    int64_t moving_ms = isnan(activity->moving_min) ? 0 : (int64_t)(activity->moving_min * 60000 + 0.5);
    today->sums.of[SUM_MOVING_MS] += moving_ms;
    if (isnan(activity->tss)) {
        today->sums.of[SUM_UNKNOWN_LOAD]++;
        today->sums.of[SUM_UNKNOWN_MS] += moving_ms;
    } else {
        value_add(&today->sums, SUM_TSS, activity->tss);
    }
    value_add(&today->sums, SUM_KM, activity->distance_km);
    value_add(&today->sums, SUM_ELEVATION_M, activity->elevation_m);
    if (activity->distance_km > today->key[KEY_LONGEST_KM])
        today->key[KEY_LONGEST_KM] = activity->distance_km;
    if (!isnan(activity->pace_min_km)) {
        today->sums.of[SUM_PACED]++;
        value_add(&today->sums, SUM_PACED_MIN, activity->moving_min);
        value_add(&today->sums, SUM_PACED_KM, activity->distance_km);
        value_add(&today->sums, SUM_PACE, activity->pace_min_km);
        if (-activity->pace_min_km > today->key[KEY_FASTEST])
            today->key[KEY_FASTEST] = -activity->pace_min_km;
    }
    return ATHLETE_OK;
}

/* The first `count` sums of a window of so many days: the order of the sums is that of how many windows need them. */
static inline void window_move(load_history *h, int window, int days, int count) {
    const int64_t *entering = ring_day(h, 0)->sums.of, *leaving = ring_day(h, days)->sums.of;
    int64_t *sums = h->windows[window].of;
    for (int i = 0; i < count; i++) sums[i] += entering[i] - leaving[i];
}

/* Everything in the window is a day older; what reaches the age of `days` leaves. The new day enters at age 0 and
** adds nothing. `window` still holds the sums of the day before. */
static void ages_move(load_ages *ages, int days, const load_sums *window, const load_sums *leaving) {
    for (int limb = 0; limb < 2; limb++) {
        ages->km[limb] += window->of[SUM_KM + limb] - days * leaving->of[SUM_KM + limb];
        ages->pace[limb] += window->of[SUM_PACE + limb] - days * leaving->of[SUM_PACE + limb];
    }
    int64_t paced = window->of[SUM_PACED], paced_leaving = leaving->of[SUM_PACED];
    ages->paced_square += 2 * ages->paced + paced - (int64_t)days * days * paced_leaving;
    ages->paced += paced - days * paced_leaving;
}

/* The greatest of the last `days`; looked for again only when the day that held it has left. */
static void extreme_move(load_extreme *extreme, const load_history *h, int days, int key) {
    double entering = ring_day(h, 0)->key[key];
    if (entering >= extreme->value) {
        *extreme = (load_extreme){.value = entering, .day = h->day};
    } else if (extreme->day <= h->day - days) {
        *extreme = (load_extreme){.value = entering, .day = h->day};
        for (int age = 1; age < days; age++) {
            double value = ring_day(h, age)->key[key];
            if (value > extreme->value) *extreme = (load_extreme){.value = value, .day = h->day - age};
        }
    }
}

/* After decades of rest it is 0, not a number with too few digits left to be divided by another. */
static inline double smooth(double mean, double alpha, double x) {
    mean += alpha * (x - mean);
    return mean < 1e-200 ? 0 : mean;
}

void history_close_day(load_history *h) {
    load_day *today = ring_open_day(h);
    today->tss = value_of(&today->sums, SUM_TSS);
    h->day++;
    for (int i = 0; i < LONG_COUNT; i++) {
        ages_move(&h->ages[i], long_days[i], &h->windows[long_window[i]], &ring_day(h, long_days[i])->sums);
    }
    window_move(h, WINDOW_7, 7, SUM_PACED);
    window_move(h, WINDOW_14, 14, SUM_TSS);
    window_move(h, WINDOW_28, 28, SUM_MOVING_MS);
    window_move(h, WINDOW_30, 30, SUM_COUNT);
    window_move(h, WINDOW_42, 42, SUM_PACED_MIN);
    window_move(h, WINDOW_90, 90, SUM_ELEVATION_M);
    for (int i = 0; i < LONG_COUNT; i++) {
        for (int k = 0; k < KEY_COUNT; k++) extreme_move(&h->extremes[i][k], h, long_days[i], k);
    }
    h->ctl_ewma = smooth(h->ctl_ewma, h->alpha_42, today->tss);
    h->atl_ewma = smooth(h->atl_ewma, h->alpha_7, today->tss);
    day_clear(ring_open_day(h));
}

/* --- features ------------------------------------------------------------------------------------------- */

/* How many of the last `window` days exist. */
static inline int64_t days_within(const load_history *h, int window) {
    return h->day < window ? h->day : window;
}

static inline double ratio_or_zero(double acute, double chronic) {
    return chronic > 0 ? acute / chronic : 0;
}

/* A slope against age has the opposite sign; none is 0 and not -0. */
static inline double against_day(double slope_against_age) {
    return 0 - slope_against_age;
}

/* OLS slope of the days' distance against the day, rest days included. Every numerator is an exact integer:
** with ages 0..n-1, sum((age - mean age) * km) = (2 * sum(age * km) - (n-1) * sum(km)) / 2. */
static double distance_trend(const load_history *h, int i) {
    int64_t n = days_within(h, long_days[i]);
    if (n < 2) return NAN;
    const int64_t *km = &h->windows[long_window[i]].of[SUM_KM];
    double twice =
        fixed_value(2 * h->ages[i].km[0] - (n - 1) * km[0], 2 * h->ages[i].km[1] - (n - 1) * km[1]);
    return against_day(6 * twice / (double)(n * (n * n - 1)));
}

/* OLS slope of the activities' pace against the day. The paces are taken around a whole number of units near
** their mean, an exact step that keeps the subtraction below from losing digits; equal paces have no slope. */
static double pace_trend(const load_history *h, int i) {
    const load_sums *window = &h->windows[long_window[i]];
    const load_ages *ages = &h->ages[i];
    int64_t n = window->of[SUM_PACED];
    int64_t denominator = n * ages->paced_square - ages->paced * ages->paced;
    if (denominator == 0) return NAN; /* fewer than two distinct days */
    int64_t of_age[2], of_pace[2];
    for (int limb = 0; limb < 2; limb++) {
        int64_t sum = window->of[SUM_PACE + limb];
        int64_t center = (int64_t)((double)sum / (double)n);
        of_age[limb] = ages->pace[limb] - center * ages->paced;
        of_pace[limb] = sum - center * n;
    }
    double numerator = (double)n * fixed_value(of_age[0], of_age[1]) -
                       (double)ages->paced * fixed_value(of_pace[0], of_pace[1]);
    return against_day(numerator / (double)denominator);
}

/* Mean over population standard deviation of the last seven days (Foster 1998, MSSE 30:1164). */
static double week_monotony(const load_history *h, double week_tss, bool *is_equal) {
    *is_equal = false;
    if (h->day < 7) return NAN;
    double deviation[7], mean = 0, squares = 0;
    for (int age = 0; age < 7; age++) {
        deviation[age] = ring_day(h, age)->tss - ring_day(h, 0)->tss;
        mean += deviation[age];
    }
    mean /= 7;
    for (int age = 0; age < 7; age++) squares += (deviation[age] - mean) * (deviation[age] - mean);
    *is_equal = squares == 0;
    return *is_equal ? NAN : week_tss / 7 / sqrt(squares / 7);
}

/* Of the moving time how much has no known load; where nobody knows the time, all of it. */
static double unknown_share(const load_sums *window) {
    const int64_t *of = window->of;
    if (of[SUM_MOVING_MS] == 0) return of[SUM_UNKNOWN_LOAD] > 0;
    return (double)of[SUM_UNKNOWN_MS] / (double)of[SUM_MOVING_MS];
}

static double average_pace(const load_sums *window) {
    double km = value_of(window, SUM_PACED_KM);
    return km > 0 ? value_of(window, SUM_PACED_MIN) / km : NAN;
}

static double best_pace(const load_extreme *fastest) {
    return isinf(fastest->value) ? NAN : -fastest->value;
}

void history_features(const load_history *h, const load_settings *settings, double out[LOAD_FEATURE_COUNT]) {
    const load_sums *w = h->windows;
    double tss_7d = value_of(&w[WINDOW_7], SUM_TSS);
    double ctl = value_of(&w[WINDOW_42], SUM_TSS) / (double)days_within(h, 42);
    double atl = tss_7d / (double)days_within(h, 7);
    double unknown_42d = unknown_share(&w[WINDOW_42]);
    bool is_known = !(unknown_42d > settings->unknown_load_max_share);
    double acwr = is_known ? ratio_or_zero(atl, ctl) : NAN;

    out[LOAD_daily_tss] = ring_day(h, 0)->tss;
    out[LOAD_ctl_42d] = ctl;
    out[LOAD_atl_7d] = atl;
    out[LOAD_tsb] = is_known ? ctl - atl : NAN;
    out[LOAD_acwr] = acwr;
    out[LOAD_ctl_ewma] = h->ctl_ewma;
    out[LOAD_atl_ewma] = h->atl_ewma;
    out[LOAD_tsb_ewma] = is_known ? h->ctl_ewma - h->atl_ewma : NAN;
    out[LOAD_acwr_ewma] = is_known ? ratio_or_zero(h->atl_ewma, h->ctl_ewma) : NAN;
    out[LOAD_total_tss_7d] = tss_7d;
    out[LOAD_total_tss_28d] = value_of(&w[WINDOW_28], SUM_TSS);
    out[LOAD_total_tss_90d] = value_of(&w[WINDOW_90], SUM_TSS);
    out[LOAD_activities_7d] = (double)w[WINDOW_7].of[SUM_ACTIVITIES];
    out[LOAD_activities_28d] = (double)w[WINDOW_28].of[SUM_ACTIVITIES];
    out[LOAD_activities_30d] = (double)w[WINDOW_30].of[SUM_ACTIVITIES];
    out[LOAD_activities_42d] = (double)w[WINDOW_42].of[SUM_ACTIVITIES];
    out[LOAD_activities_90d] = (double)w[WINDOW_90].of[SUM_ACTIVITIES];
    out[LOAD_total_distance_7d_km] = value_of(&w[WINDOW_7], SUM_KM);
    out[LOAD_total_distance_28d_km] = value_of(&w[WINDOW_28], SUM_KM);
    out[LOAD_total_distance_30d_km] = value_of(&w[WINDOW_30], SUM_KM);
    out[LOAD_total_distance_42d_km] = value_of(&w[WINDOW_42], SUM_KM);
    out[LOAD_total_distance_90d_km] = value_of(&w[WINDOW_90], SUM_KM);
    out[LOAD_longest_distance_30d_km] = h->extremes[LONG_30][KEY_LONGEST_KM].value;
    out[LOAD_longest_distance_90d_km] = h->extremes[LONG_90][KEY_LONGEST_KM].value;
    out[LOAD_total_elevation_30d_m] = value_of(&w[WINDOW_30], SUM_ELEVATION_M);
    out[LOAD_avg_pace_30d] = average_pace(&w[WINDOW_30]);
    out[LOAD_best_pace_30d] = best_pace(&h->extremes[LONG_30][KEY_FASTEST]);
    out[LOAD_avg_pace_90d] = average_pace(&w[WINDOW_90]);
    out[LOAD_best_pace_90d] = best_pace(&h->extremes[LONG_90][KEY_FASTEST]);
    out[LOAD_pace_trend_30d] = pace_trend(h, LONG_30);
    out[LOAD_distance_trend_30d] = distance_trend(h, LONG_30);
    out[LOAD_pace_trend_90d] = pace_trend(h, LONG_90);
    out[LOAD_distance_trend_90d] = distance_trend(h, LONG_90);

    double expected_days = (double)days_within(h, 30) * settings->expected_days_per_week / 7;
    double active_days = (double)w[WINDOW_30].of[SUM_ACTIVE_DAYS];
    out[LOAD_consistency_score] = active_days < expected_days ? 100 * active_days / expected_days : 100;

    bool is_known_week = !(unknown_share(&w[WINDOW_7]) > settings->unknown_load_max_share);
    bool is_equal_week = false;
    double monotony = is_known_week ? week_monotony(h, tss_7d, &is_equal_week) : NAN;
    out[LOAD_training_monotony_7d] = monotony;
    out[LOAD_training_strain_7d] = tss_7d * monotony;
    out[LOAD_rest_days_14d] = (double)(days_within(h, 14) - w[WINDOW_14].of[SUM_ACTIVE_DAYS]);
    out[LOAD_unknown_load_42d] = (double)w[WINDOW_42].of[SUM_UNKNOWN_LOAD];
    out[LOAD_unknown_load_share_42d] = unknown_42d;
    out[LOAD_history_days] = (double)h->day;
    bool is_risk = (acwr > settings->acwr_risk_threshold && h->day >= settings->acwr_min_history_days) ||
                   monotony > settings->monotony_risk_threshold || (is_equal_week && tss_7d > 0);
    out[LOAD_is_overtraining_risk] = is_known ? is_risk : NAN;
}
