/* What the runs that were over say of the pace of another: one athlete's runs, in the order in which they were over, and in
** between the questions.
**
**     similar_begin(h)                 once per athlete
**     similar_add(h, &run)             a run is over
**     similar_ask(h, &asked, out)      what all that are over say of one like this
**
** Each of the last 100 runs weighs the less, the less it is like the one asked of: by a factor of e for each 35 % of
** distance, 120 days, 10 m of climb per km and 3 hours of the day between them, and by half on another day of the week; a
** metre of climb per km costs 0.5 % of pace (a kernel regression: Nadaraya 1964; Watson 1964). These were chosen on runs of
** 78 amateurs; what is wrong with them for an athlete, a model learns. Sums are exact, so that only which runs there are
** counts. */
#ifndef ATHLETE_ROLLING_SIMILAR_RUNS_H
#define ATHLETE_ROLLING_SIMILAR_RUNS_H

#include <stdbool.h>
#include <stddef.h>

/* Every answer with its SQL type, in the order of the result columns. */
#define SIMILAR_ANSWERS(X)                                                                                   \
    X(earlier_runs, INTEGER)                                                                                 \
    X(similar_pace_min_km, REAL)                                                                             \
    X(similar_spread_min_km, REAL)                                                                           \
    X(similar_runs, REAL)                                                                                    \
    X(similar_age_days, REAL)                                                                                \
    X(longer_than_similar, REAL)                                                                             \
    X(steeper_than_similar, REAL)                                                                            \
    X(pace_ewma_20, REAL)                                                                                    \
    X(last_pace_min_km, REAL)                                                                                \
    X(mean_pace_5, REAL)                                                                                     \
    X(mean_pace_10, REAL)                                                                                    \
    X(best_pace_20, REAL)                                                                                    \
    X(pace_spread_20, REAL)                                                                                  \
    X(usual_distance_km, REAL)                                                                               \
    X(usual_elevation_per_km, REAL)                                                                          \
    X(last_distance_km, REAL)

#define SIMILAR_INDEX(name, type) SIMILAR_##name,
enum { SIMILAR_ANSWERS(SIMILAR_INDEX) SIMILAR_ANSWER_COUNT };
#undef SIMILAR_INDEX

#define SIMILAR_RUNS_MAX     100
#define SIMILAR_DAY_MAX      1e8
#define SIMILAR_DISTANCE_MAX 100000
#define SIMILAR_PACE_MAX     1000
#define SIMILAR_CLIMB_MAX    1000000 /* m per km; more than STEEPEST counts as that */
#define SIMILAR_DISTANCE_MIN 1e-6
#define SIMILAR_PACE_MIN     1e-6

/* All numbers are within the limits above. */
typedef struct similar_run {
    double pace_min_km; /* not of one asked of */
    double day;         /* time, in days */
    double distance_km; /* of one asked of, NAN: as usual, and so its climb */
    double climb;       /* m per km */
    double hour;        /* local, 0 … 24 */
    int weekday;
    double ln_km; /* filled in here */
} similar_run;

typedef struct similar_history {
    similar_run last[SIMILAR_RUNS_MAX]; /* the i-th run is at i modulo their number */
    size_t n;                           /* runs that are over */
    double faded_pace, faded_weight;    /* sums in which each run weighs less than the one after it */
} similar_history;

void similar_begin(similar_history *history);
void similar_add(similar_history *history, const similar_run *run);

/* Before the first run every answer but earlier_runs is NAN. */
void similar_ask(const similar_history *history, const similar_run *asked,
                 double answers[SIMILAR_ANSWER_COUNT]);

#endif
