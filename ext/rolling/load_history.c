#include "rolling/load_history.h"

#include <math.h>
#include <string.h>
#include "rolling/statistics.h"

static const int window_days[WINDOW_COUNT] = {7, 14, 28, 30, 42, 90};
static const int long_days[LONG_COUNT] = {30, 90};
static const int long_window[LONG_COUNT] = {WINDOW_30, WINDOW_90};

#define COARSE_UNITS    16777216.0    /* 2^24 to 1 */
#define FINE_PER_COARSE 68719476736.0 /* 2^36 */

static inline const load_day *ring_day(const load_history *h, int64_t age) {
    return &h->ring[(uint64_t)(h->day - age) % LOAD_RING];
}

static inline double fixed_value(int64_t coarse, int64_t fine) {
    return (double)coarse / COARSE_UNITS + (double)fine / (COARSE_UNITS * FINE_PER_COARSE);
}

static inline double sum_of(const load_sums *sums, int fixed) {
    return fixed_value(sums->of[2 * fixed], sums->of[2 * fixed + 1]);
}

static inline int64_t count_of(const load_sums *sums, int count) {
    return sums->of[2 * FIXED_COUNT + count];
}

static inline void sums_add(load_sums *sums, int fixed, double x) {
    double scaled = x * COARSE_UNITS;
    int64_t coarse = (int64_t)scaled;
    sums->of[2 * fixed] += coarse;
    sums->of[2 * fixed + 1] += (int64_t)((scaled - (double)coarse) * FINE_PER_COARSE + 0.5);
}

static inline void sums_count(load_sums *sums, int count) {
    sums->of[2 * FIXED_COUNT + count]++;
}

/* --- a day passes --------------------------------------------------------------------------------------- */

static const load_day empty_day = {.key = {[KEY_LONGEST_KM] = 0, [KEY_FASTEST] = -HUGE_VAL}};

void history_begin(load_history *h) {
    memset(h, 0, sizeof *h);
    h->today = empty_day;
    h->alpha_42 = ewma_alpha(42);
    h->alpha_7 = ewma_alpha(7);
    for (int i = 0; i < LONG_COUNT; i++) {
        for (int k = 0; k < KEY_COUNT; k++) h->extremes[i][k] = (load_extreme){.value = -HUGE_VAL};
    }
}

athlete_status history_add(load_history *h, const load_activity *activity) {
    load_day *today = &h->today;
    if (count_of(&today->sums, COUNT_ACTIVITIES) >= LOAD_ACTIVITIES_PER_DAY_MAX) return ATHLETE_OVER_LIMIT;
    sums_count(&today->sums, COUNT_ACTIVITIES);
    today->sums.of[2 * FIXED_COUNT + COUNT_ACTIVE_DAYS] = 1;
    if (isnan(activity->tss)) sums_count(&today->sums, COUNT_UNKNOWN_LOAD);
    else sums_add(&today->sums, FIXED_TSS, activity->tss);
    sums_add(&today->sums, FIXED_KM, activity->distance_km);
    sums_add(&today->sums, FIXED_ELEVATION_M, activity->elevation_m);
    if (activity->distance_km > today->key[KEY_LONGEST_KM])
        today->key[KEY_LONGEST_KM] = activity->distance_km;
    if (!isnan(activity->pace_min_km)) {
        sums_count(&today->sums, COUNT_PACED);
        sums_add(&today->sums, FIXED_PACED_MIN, activity->moving_min);
        sums_add(&today->sums, FIXED_PACED_KM, activity->distance_km);
        sums_add(&today->sums, FIXED_PACE, activity->pace_min_km);
        if (-activity->pace_min_km > today->key[KEY_FASTEST])
            today->key[KEY_FASTEST] = -activity->pace_min_km;
    }
    return ATHLETE_OK;
}

static void window_move(load_sums *window, const load_sums *entering, const load_sums *leaving) {
    for (int i = 0; i < LOAD_SUMS; i++) window->of[i] += entering->of[i] - leaving->of[i];
}

/* Everything in the window is a day older; what reaches the age of `days` leaves. The new day enters at age 0 and
** adds nothing. `window` still holds the sums of the day before. */
static void ages_move(load_ages *ages, int days, const load_sums *window, const load_sums *leaving) {
    for (int limb = 0; limb < 2; limb++) {
        ages->km[limb] += window->of[2 * FIXED_KM + limb] - days * leaving->of[2 * FIXED_KM + limb];
        ages->pace[limb] += window->of[2 * FIXED_PACE + limb] - days * leaving->of[2 * FIXED_PACE + limb];
    }
    int64_t paced = count_of(window, COUNT_PACED), paced_leaving = count_of(leaving, COUNT_PACED);
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

void history_close_day(load_history *h) {
    h->day++;
    h->today.tss = sum_of(&h->today.sums, FIXED_TSS);
    for (int i = 0; i < LONG_COUNT; i++) {
        ages_move(&h->ages[i], long_days[i], &h->windows[long_window[i]], &ring_day(h, long_days[i])->sums);
    }
    for (int w = 0; w < WINDOW_COUNT; w++) {
        window_move(&h->windows[w], &h->today.sums, &ring_day(h, window_days[w])->sums);
    }
    h->ring[(uint64_t)h->day % LOAD_RING] = h->today;
    for (int i = 0; i < LONG_COUNT; i++) {
        for (int k = 0; k < KEY_COUNT; k++) extreme_move(&h->extremes[i][k], h, long_days[i], k);
    }
    h->ctl_ewma += h->alpha_42 * (h->today.tss - h->ctl_ewma);
    h->atl_ewma += h->alpha_7 * (h->today.tss - h->atl_ewma);
    h->today = empty_day;
}

/* --- features ------------------------------------------------------------------------------------------- */

/* How many of the last `window` days exist. */
static inline int64_t days_within(const load_history *h, int window) {
    return h->day < window ? h->day : window;
}

static inline double ratio_or_zero(double acute, double chronic) {
    return chronic > 0 ? acute / chronic : 0;
}

/* OLS slope of the days' distance against the day, rest days included. Every numerator is an exact integer:
** with ages 0..n-1, sum((age - mean age) * km) = (2 * sum(age * km) - (n-1) * sum(km)) / 2. */
static double distance_trend(const load_history *h, int i) {
    int64_t n = days_within(h, long_days[i]);
    if (n < 2) return NAN;
    const int64_t *km = &h->windows[long_window[i]].of[2 * FIXED_KM];
    double twice =
        fixed_value(2 * h->ages[i].km[0] - (n - 1) * km[0], 2 * h->ages[i].km[1] - (n - 1) * km[1]);
    return 6 * -twice / (double)(n * (n * n - 1)); /* a slope against age has the opposite sign */
}

/* OLS slope of the activities' pace against the day. The paces are taken around a whole number of units near
** their mean, an exact step that keeps the subtraction below from losing digits. */
static double pace_trend(const load_history *h, int i) {
    const load_sums *window = &h->windows[long_window[i]];
    const load_ages *ages = &h->ages[i];
    int64_t n = count_of(window, COUNT_PACED);
    int64_t denominator = n * ages->paced_square - ages->paced * ages->paced;
    if (denominator == 0) return NAN; /* fewer than two distinct days */
    int64_t of_age[2], of_pace[2];
    for (int limb = 0; limb < 2; limb++) {
        int64_t sum = window->of[2 * FIXED_PACE + limb], center = sum / n;
        of_age[limb] = ages->pace[limb] - center * ages->paced;
        of_pace[limb] = sum - center * n;
    }
    double numerator = (double)n * fixed_value(of_age[0], of_age[1]) -
                       (double)ages->paced * fixed_value(of_pace[0], of_pace[1]);
    return -numerator / (double)denominator;
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

static double average_pace(const load_sums *window) {
    double km = sum_of(window, FIXED_PACED_KM);
    return km > 0 ? sum_of(window, FIXED_PACED_MIN) / km : NAN;
}

static double best_pace(const load_extreme *fastest) {
    return isinf(fastest->value) ? NAN : -fastest->value;
}

void history_features(const load_history *h, const load_settings *settings, double out[LOAD_FEATURE_COUNT]) {
    const load_sums *w = h->windows;
    double tss_7d = sum_of(&w[WINDOW_7], FIXED_TSS);
    double ctl = sum_of(&w[WINDOW_42], FIXED_TSS) / (double)days_within(h, 42);
    double atl = tss_7d / (double)days_within(h, 7);
    double acwr = ratio_or_zero(atl, ctl);

    out[LOAD_daily_tss] = ring_day(h, 0)->tss;
    out[LOAD_ctl_42d] = ctl;
    out[LOAD_atl_7d] = atl;
    out[LOAD_tsb] = ctl - atl;
    out[LOAD_acwr] = acwr;
    out[LOAD_ctl_ewma] = h->ctl_ewma;
    out[LOAD_atl_ewma] = h->atl_ewma;
    out[LOAD_tsb_ewma] = h->ctl_ewma - h->atl_ewma;
    out[LOAD_acwr_ewma] = ratio_or_zero(h->atl_ewma, h->ctl_ewma);
    out[LOAD_total_tss_7d] = tss_7d;
    out[LOAD_total_tss_28d] = sum_of(&w[WINDOW_28], FIXED_TSS);
    out[LOAD_total_tss_90d] = sum_of(&w[WINDOW_90], FIXED_TSS);
    out[LOAD_activities_7d] = (double)count_of(&w[WINDOW_7], COUNT_ACTIVITIES);
    out[LOAD_activities_28d] = (double)count_of(&w[WINDOW_28], COUNT_ACTIVITIES);
    out[LOAD_activities_30d] = (double)count_of(&w[WINDOW_30], COUNT_ACTIVITIES);
    out[LOAD_activities_42d] = (double)count_of(&w[WINDOW_42], COUNT_ACTIVITIES);
    out[LOAD_activities_90d] = (double)count_of(&w[WINDOW_90], COUNT_ACTIVITIES);
    out[LOAD_total_distance_7d_km] = sum_of(&w[WINDOW_7], FIXED_KM);
    out[LOAD_total_distance_28d_km] = sum_of(&w[WINDOW_28], FIXED_KM);
    out[LOAD_total_distance_30d_km] = sum_of(&w[WINDOW_30], FIXED_KM);
    out[LOAD_total_distance_42d_km] = sum_of(&w[WINDOW_42], FIXED_KM);
    out[LOAD_total_distance_90d_km] = sum_of(&w[WINDOW_90], FIXED_KM);
    out[LOAD_longest_distance_30d_km] = h->extremes[LONG_30][KEY_LONGEST_KM].value;
    out[LOAD_longest_distance_90d_km] = h->extremes[LONG_90][KEY_LONGEST_KM].value;
    out[LOAD_total_elevation_30d_m] = sum_of(&w[WINDOW_30], FIXED_ELEVATION_M);
    out[LOAD_avg_pace_30d] = average_pace(&w[WINDOW_30]);
    out[LOAD_best_pace_30d] = best_pace(&h->extremes[LONG_30][KEY_FASTEST]);
    out[LOAD_avg_pace_90d] = average_pace(&w[WINDOW_90]);
    out[LOAD_best_pace_90d] = best_pace(&h->extremes[LONG_90][KEY_FASTEST]);
    out[LOAD_pace_trend_30d] = pace_trend(h, LONG_30);
    out[LOAD_distance_trend_30d] = distance_trend(h, LONG_30);
    out[LOAD_pace_trend_90d] = pace_trend(h, LONG_90);
    out[LOAD_distance_trend_90d] = distance_trend(h, LONG_90);

    double expected_days = (double)days_within(h, 30) * settings->expected_days_per_week / 7;
    double active_days = (double)count_of(&w[WINDOW_30], COUNT_ACTIVE_DAYS);
    out[LOAD_consistency_score] = active_days < expected_days ? 100 * active_days / expected_days : 100;

    bool is_equal_week;
    double monotony = week_monotony(h, tss_7d, &is_equal_week);
    out[LOAD_training_monotony_7d] = monotony;
    out[LOAD_training_strain_7d] = tss_7d * monotony;
    out[LOAD_rest_days_14d] = (double)(days_within(h, 14) - count_of(&w[WINDOW_14], COUNT_ACTIVE_DAYS));
    out[LOAD_unknown_load_42d] = (double)count_of(&w[WINDOW_42], COUNT_UNKNOWN_LOAD);
    out[LOAD_history_days] = (double)h->day;
    bool is_risk = (acwr > settings->acwr_risk_threshold && h->day >= settings->acwr_min_history_days) ||
                   monotony > settings->monotony_risk_threshold || (is_equal_week && tss_7d > 0);
    out[LOAD_is_overtraining_risk] = is_risk;
}
