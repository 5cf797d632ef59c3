#include "streams/normalized.h"

#include <math.h>

#define WINDOW_S 30.0

/* What has come together by a time that only grows. */
typedef struct running_total {
    size_t step;
    double begins, before; /* of the step: when, and what came before it */
} running_total;

static double total_by(running_total *r, const double *seconds, const double *amount, size_t n, double time) {
    while (r->step + 1 < n && r->begins + seconds[r->step] < time) {
        r->begins += seconds[r->step];
        r->before += amount[r->step++];
    }
    return r->before + amount[r->step] * ((time - r->begins) / seconds[r->step]);
}

athlete_status normalized_rate(athlete_poll *poll, const double *seconds, const double *amount, size_t n,
                               double *out) {
    double whole = 0;
    for (size_t i = 0; i < n; i++) whole += seconds[i];
    *out = NAN;
    if (whole < WINDOW_S) return ATHLETE_OK;
    running_total end = {0, 0, 0}, begin = {0, 0, 0};
    double fourths = 0, n_windows = 0;
    for (double time = WINDOW_S; time <= whole; time += 1) {
        if (poll_due(poll, 20)) return ATHLETE_INTERRUPTED;
        double rate = (total_by(&end, seconds, amount, n, time) -
                       total_by(&begin, seconds, amount, n, time - WINDOW_S)) /
                      WINDOW_S;
        fourths += rate * rate * (rate * rate);
        n_windows++;
    }
    *out = sqrt(sqrt(fourths / n_windows));
    return ATHLETE_OK;
}
