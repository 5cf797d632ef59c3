/* How regularly an athlete trains and how he has paused: one athlete's days, one after another.
**
**     active_begin(h)             once per athlete
**     active_add(h, is_active)    the next day
**     active_tell(h, answers)     what it and all before it say
**
** A gap is the time from an active day to the one before, known when it ends. A break begins after an active day that seven days
** without follow, and is one on the seventh. Whether one began 350 days ago or earlier has been seen by now, whatever comes. */
#ifndef ATHLETE_ROLLING_ACTIVE_DAYS_H
#define ATHLETE_ROLLING_ACTIVE_DAYS_H

#include <stdbool.h>

/* Every answer with its SQL type, in the order of the result columns. */
#define ACTIVE_ANSWERS(X)                                                                                    \
    X(active_days_7d, INTEGER)                                                                               \
    X(active_days_28d, INTEGER)                                                                              \
    X(active_days_90d, INTEGER)                                                                              \
    X(active_share_14d, REAL)                                                                                \
    X(active_share_28d, REAL)                                                                                \
    X(days_since_activity, INTEGER)                                                                          \
    X(longest_gap_28d, INTEGER)                                                                              \
    X(longest_gap_90d, INTEGER)                                                                              \
    X(gap_spread_56d, REAL)                                                                                  \
    X(breaks_365d, INTEGER)                                                                                  \
    X(days_since_break, INTEGER)                                                                             \
    X(break_last_year, INTEGER)

#define ACTIVE_INDEX(name, type) ACTIVE_##name,
enum { ACTIVE_ANSWERS(ACTIVE_INDEX) ACTIVE_ANSWER_COUNT };
#undef ACTIVE_INDEX

#define ACTIVE_DAYS_KEPT 365

/* A day before the first counts as one without activity. */
typedef struct active_day {
    bool is_active, ends_break; /* the latter: a break is one today */
    double gap;                 /* 0: none ended */
} active_day;

typedef struct active_history {
    active_day last[ACTIVE_DAYS_KEPT]; /* in a ring */
    int newest;                        /* where in it the last day is */
    int breaks;                        /* of the days in it */
    double n, last_active, last_break; /* days so far, and the numbers of two of them from 1 on; 0: none */
    double alpha_14d, alpha_28d, faded_14d, faded_28d, weight_14d, weight_28d;
} active_history;

void active_begin(active_history *history);

void active_add(active_history *history, bool is_active);

/* NAN: no answer. */
void active_tell(const active_history *history, double answers[ACTIVE_ANSWER_COUNT]);

#endif
