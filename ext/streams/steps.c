#include "streams/steps.h"

#include <math.h>

#define SLOW_M_S   (1.5 / 3.6)
#define FAST_M_S   12.5
#define SMOOTH_S   5.0
#define SHORTEST_M 5.0 /* over less a grade is noise */

athlete_status time_check(const stream *time, athlete_fault *fault) {
    for (size_t i = 0; i < time->n; i++) {
        if (isnan(time->x[i]) || (i && time->x[i] <= time->x[i - 1]))
            return fault_refuse(fault, "must go forward and leave out no sample; sample %zu does not", i + 1);
    }
    return ATHLETE_OK;
}

/* A sample without a value has that of the one before, the first ones that of the first. False when none has any. */
static bool filled(const stream *s, double *out) {
    size_t first = 0;
    while (first < s->n && isnan(s->x[first])) first++;
    if (first == s->n) return false;
    double last = s->x[first];
    for (size_t i = 0; i < s->n; i++) {
        if (!isnan(s->x[i])) last = s->x[i];
        out[i] = last;
    }
    return true;
}

/* Means over what lies within SMOOTH_S. */
static void smoothed(const stream *time, const double *x, double *out) {
    size_t low = 0, high = 0;
    double total = 0;
    for (size_t i = 0; i < time->n; i++) {
        for (; high < time->n && time->x[high] <= time->x[i] + SMOOTH_S; high++) total += x[high];
        for (; time->x[low] < time->x[i] - SMOOTH_S; low++) total -= x[low];
        out[i] = total / (double)(high - low);
    }
}

/* Rise over run of the STEP_GRADE_M around sample i; `low` and `high` go forward with it. */
static double grade_at(const double *metres, const double *heights, size_t n, size_t i, size_t *low,
                       size_t *high) {
    while (metres[*low + 1] <= metres[i] - STEP_GRADE_M / 2) ++*low;
    while (*high + 1 < n && metres[*high] < metres[i] + STEP_GRADE_M / 2) ++*high;
    double run = metres[*high] - metres[*low];
    return run > SHORTEST_M ? (heights[*high] - heights[*low]) / run : 0;
}

static athlete_status step_through(athlete_poll *poll, const stream *time, const double *metres,
                                   const double *heights, grade_model model, moving_steps *out) {
    size_t low = 0, high = 0;
    for (size_t i = 1; i < time->n; i++) {
        if (poll_due(poll, 60)) return ATHLETE_INTERRUPTED;
        double grade = heights ? grade_at(metres, heights, time->n, i, &low, &high) : 0;
        double seconds = step_seconds(time, i), run = metres[i] - metres[i - 1];
        if (seconds == 0 || run < SLOW_M_S * seconds || run > FAST_M_S * seconds) continue;
        out->seconds[out->n] = seconds;
        out->amount[out->n] = run * grade_factor(grade, model);
        out->sample[out->n++] = i;
    }
    return ATHLETE_OK;
}

athlete_status moving_steps_build(athlete_poll *poll, const stream *time, const stream *distance,
                                  const stream *altitude, grade_model model, athlete_budget *budget,
                                  moving_steps *out) {
    size_t n = time->n ? time->n : 1;
    *out = (moving_steps){
        .seconds = memory_alloc(budget, n, sizeof(double)),
        .amount = memory_alloc(budget, n, sizeof(double)),
        .sample = memory_alloc(budget, n, sizeof(size_t)),
    };
    double *metres = memory_alloc(budget, n, sizeof *metres),
           *heights = memory_alloc(budget, n, sizeof *heights),
           *smooth = memory_alloc(budget, n, sizeof *smooth);
    athlete_status status = memory_status(budget);
    if (out->seconds && out->amount && out->sample && metres && heights && smooth) {
        bool has_heights = altitude && filled(altitude, heights);
        if (has_heights) smoothed(time, heights, smooth);
        status = ATHLETE_OK;
        if (filled(distance, metres))
            status = step_through(poll, time, metres, has_heights ? smooth : NULL, model, out);
    }
    memory_free(budget, metres);
    memory_free(budget, heights);
    memory_free(budget, smooth);
    return status;
}

void moving_steps_free(athlete_budget *budget, moving_steps *steps) {
    memory_free(budget, steps->seconds);
    memory_free(budget, steps->amount);
    memory_free(budget, steps->sample);
}

double graded_pace_s_m(const moving_steps *steps) {
    double seconds = 0, metres = 0;
    for (size_t i = 0; i < steps->n; i++) {
        seconds += steps->seconds[i];
        metres += steps->amount[i];
    }
    return metres > 0 ? seconds / metres : NAN;
}
