#include "streams/heartbeats.h"

#include <math.h>

#define LEAST_BPM      30
#define BESIDE         15
#define JUMP_BPM       30.0
#define LEAST_MOVING_S 1200.0
#define MOST_LOST      0.1

static bool is_human(double rate) {
    return rate >= LEAST_BPM && rate <= HEART_RATE_MOST; /* false for NaN */
}

/* Of the rates of hearts among those beside sample i, which is one. */
static double median_beside(const stream *s, size_t i) {
    double sorted[2 * BESIDE + 1];
    size_t first = i > BESIDE ? i - BESIDE : 0, last = i + BESIDE < s->n ? i + BESIDE : s->n - 1, n = 0;
    for (size_t k = first; k <= last; k++) {
        if (!is_human(s->x[k])) continue;
        size_t place = n++;
        for (; place && sorted[place - 1] > s->x[k]; place--) sorted[place] = sorted[place - 1];
        sorted[place] = s->x[k];
    }
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

athlete_status heart_rates_believed(athlete_poll *poll, const stream *heart_rate, double *out) {
    for (size_t i = 0; i < heart_rate->n; i++) {
        if (poll_due(poll, 300)) return ATHLETE_INTERRUPTED;
        double rate = heart_rate->x[i];
        out[i] = is_human(rate) && fabs(rate - median_beside(heart_rate, i)) <= JUMP_BPM ? rate : NAN;
    }
    return ATHLETE_OK;
}

double decoupling_pct(const moving_steps *steps, const double *believed) {
    double moving = 0, counted = 0;
    for (size_t i = 0; i < steps->n; i++) {
        moving += steps->seconds[i];
        if (!isnan(believed[steps->sample[i]])) counted += steps->seconds[i];
    }
    if (moving < LEAST_MOVING_S || counted <= (1 - MOST_LOST) * moving) return NAN;
    double metres[2] = {0, 0}, beats[2] = {0, 0}, past = 0;
    for (size_t i = 0; i < steps->n; i++) {
        double rate = believed[steps->sample[i]], seconds = steps->seconds[i];
        if (isnan(rate)) continue;
        int half = past + seconds / 2 > counted / 2;
        metres[half] += steps->amount[i];
        beats[half] += rate * seconds;
        past += seconds;
    }
    double first = metres[0] / beats[0], second = metres[1] / beats[1];
    return first > 0 ? 100 * (first - second) / first : NAN;
}
