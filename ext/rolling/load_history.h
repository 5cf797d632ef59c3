/* One athlete's training history, day after day, and every rolling feature of the day it has reached.
**
**     history_begin(h)                       once per athlete
**     history_add(h, &activity), ...         the activities of the day, in any order
**     history_close_day(h)                   the day is over; a rest day is closed without activities
**     history_features(h, settings, out)     the features of the day just closed
**
** Windows end with the closed day and include it. Before the first day there is no history: means are over the
** days that exist. All sums are exact integers (see `load_sums`), so a feature depends only on which activities
** lie in its window, not on their order, on the day the computation started or on what has left the window; the
** exponentially weighted ones depend on the daily loads since the first day. */
#ifndef ATHLETE_ROLLING_LOAD_HISTORY_H
#define ATHLETE_ROLLING_LOAD_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/status.h"

/* Every feature with its SQL type, in the order of the result columns. */
#define LOAD_FEATURES(X)                                                                                     \
    X(daily_tss, REAL)                                                                                       \
    X(ctl_42d, REAL)                                                                                         \
    X(atl_7d, REAL)                                                                                          \
    X(tsb, REAL)                                                                                             \
    X(acwr, REAL)                                                                                            \
    X(ctl_ewma, REAL)                                                                                        \
    X(atl_ewma, REAL)                                                                                        \
    X(tsb_ewma, REAL)                                                                                        \
    X(acwr_ewma, REAL)                                                                                       \
    X(total_tss_7d, REAL)                                                                                    \
    X(total_tss_28d, REAL)                                                                                   \
    X(total_tss_90d, REAL)                                                                                   \
    X(activities_7d, INTEGER)                                                                                \
    X(activities_28d, INTEGER)                                                                               \
    X(activities_30d, INTEGER)                                                                               \
    X(activities_42d, INTEGER)                                                                               \
    X(activities_90d, INTEGER)                                                                               \
    X(total_distance_7d_km, REAL)                                                                            \
    X(total_distance_28d_km, REAL)                                                                           \
    X(total_distance_30d_km, REAL)                                                                           \
    X(total_distance_42d_km, REAL)                                                                           \
    X(total_distance_90d_km, REAL)                                                                           \
    X(longest_distance_30d_km, REAL)                                                                         \
    X(longest_distance_90d_km, REAL)                                                                         \
    X(total_elevation_30d_m, REAL)                                                                           \
    X(avg_pace_30d, REAL)                                                                                    \
    X(best_pace_30d, REAL)                                                                                   \
    X(avg_pace_90d, REAL)                                                                                    \
    X(best_pace_90d, REAL)                                                                                   \
    X(pace_trend_30d, REAL)                                                                                  \
    X(distance_trend_30d, REAL)                                                                              \
    X(pace_trend_90d, REAL)                                                                                  \
    X(distance_trend_90d, REAL)                                                                              \
    X(consistency_score, REAL)                                                                               \
    X(training_monotony_7d, REAL)                                                                            \
    X(training_strain_7d, REAL)                                                                              \
    X(rest_days_14d, INTEGER)                                                                                \
    X(unknown_load_42d, INTEGER)                                                                             \
    X(unknown_load_share_42d, REAL)                                                                          \
    X(history_days, INTEGER)                                                                                 \
    X(is_overtraining_risk, INTEGER)

enum load_feature {
#define LOAD_ENUM(name, type) LOAD_##name,
    LOAD_FEATURES(LOAD_ENUM)
#undef LOAD_ENUM
        LOAD_FEATURE_COUNT
};

/* What an activity brings. All values are at least 0, and at most: */
#define LOAD_TSS_MAX                100000.0
#define LOAD_DISTANCE_KM_MAX        10000.0
#define LOAD_MOVING_MIN_MAX         100000.0
#define LOAD_PACE_MIN_KM_MAX        1000.0
#define LOAD_ELEVATION_M_MAX        100000.0
#define LOAD_ACTIVITIES_PER_DAY_MAX 1000

typedef struct load_activity {
    double tss; /* NAN: unknown, counted as such and not as a load */
    double distance_km;
    double moving_min;
    double pace_min_km; /* NAN: does not count for pace */
    double elevation_m;
} load_activity;

typedef struct load_settings {
    double acwr_risk_threshold;     /* above it, with enough history: at risk */
    double monotony_risk_threshold; /* above it: at risk */
    int64_t acwr_min_history_days;
    double expected_days_per_week; /* of training, for the consistency score; above 0 */
    double unknown_load_max_share; /* of the moving time; above it what compares loads is NAN */
} load_settings;

/* --- the state ------------------------------------------------------------------------------------------ */

/* A value is two integers, coarse in units of 2^-24 and fine in units of 2^-60: exact for every double of at
** least 2^-8 within the limits above and right to 4e-19 below. Sums of them can neither round nor overflow:
** 1000 activities a day over 90 days, weighted by age (4005), stay below 2^61. */
enum {
    SUM_ACTIVITIES,
    SUM_ACTIVE_DAYS,
    SUM_TSS, /* a value: its coarse part, and its fine part in the next place */
    SUM_KM = SUM_TSS + 2,
    SUM_MOVING_MS = SUM_KM + 2, /* whole, so that shares are exact; then those of unknown load */
    SUM_UNKNOWN_MS,
    SUM_UNKNOWN_LOAD,
    SUM_PACED, /* activities that count for pace, then their minutes, distance, pace */
    SUM_PACED_MIN,
    SUM_PACED_KM = SUM_PACED_MIN + 2,
    SUM_PACE = SUM_PACED_KM + 2,
    SUM_ELEVATION_M = SUM_PACE + 2,
    SUM_COUNT = SUM_ELEVATION_M + 2
};
enum {
    KEY_LONGEST_KM,
    KEY_FASTEST,
    KEY_COUNT
}; /* greatest of the window; the fastest has the greatest -pace */

typedef struct load_sums {
    int64_t of[SUM_COUNT];
} load_sums;

typedef struct load_day {
    load_sums sums;
    double key[KEY_COUNT];
    double tss;
} load_day;

/* Sums weighted by age in days, from which slopes are made. */
typedef struct load_ages {
    int64_t km[2], pace[2];      /* coarse and fine of the sum of age * value */
    int64_t paced, paced_square; /* sums of age and of age^2 over the activities that count for pace */
} load_ages;

typedef struct load_extreme {
    double value;
    int64_t day;
} load_extreme;

enum { WINDOW_7, WINDOW_14, WINDOW_28, WINDOW_30, WINDOW_42, WINDOW_90, WINDOW_COUNT };
enum { LONG_30, LONG_90, LONG_COUNT }; /* the windows that have trends and extremes */

#define LOAD_RING 128 /* days; a power of two above the longest window */

typedef struct load_history {
    int64_t day; /* closed days, which is the history's length; the closed day is number `day` */
    load_sums windows[WINDOW_COUNT];
    load_ages ages[LONG_COUNT];
    load_extreme extremes[LONG_COUNT][KEY_COUNT];
    double ctl_ewma, atl_ewma;
    double alpha_42, alpha_7;
    load_day ring
        [LOAD_RING]; /* day d is at d % LOAD_RING, day + 1 is filling; days before the first have no activity */
} load_history;

void history_begin(load_history *h);

/* ATHLETE_OVER_LIMIT when the day already has LOAD_ACTIVITIES_PER_DAY_MAX. */
athlete_status history_add(load_history *h, const load_activity *activity);

void history_close_day(load_history *h);

/* NAN stands for NULL; counts are whole numbers. */
void history_features(const load_history *h, const load_settings *settings, double out[LOAD_FEATURE_COUNT]);

#endif
