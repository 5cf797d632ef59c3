/* What lies between the samples of a recording: steps, each of so many seconds.
**
** A recorder may write every second or when something changes, and stops in a pause. So every sum goes over steps and their
** seconds, and a step above STEP_MOST_S is no recording but the lack of one: it counts nowhere. */
#ifndef ATHLETE_STREAMS_STEPS_H
#define ATHLETE_STREAMS_STEPS_H

#include <stdbool.h>
#include "base/poll.h"
#include "streams/packed.h"
#include "training/grade.h"

#define STEP_MOST_S 30.0

/* Seconds that the step which ends at sample i stands for, 0 for none. */
static inline double step_seconds(const stream *time, size_t i) {
    double seconds = i ? time->x[i] - time->x[i - 1] : 0;
    return seconds > 0 && seconds <= STEP_MOST_S ? seconds : 0;
}

/* ATHLETE_INVALID unless the times are all there and go forward. */
athlete_status time_check(const stream *time, athlete_fault *fault);

/* The steps in motion of a run: faster than 1.5 km/h, and than 12.5 m/s only a receiver runs. `amount` are metres on the flat
** for the same effort: the grade is that of STEP_GRADE_M around the step, of altitudes that are means over 5 s to each side. */
typedef struct moving_steps {
    double *seconds, *amount;
    size_t *sample; /* at which the step ends */
    size_t n;
} moving_steps;

#define STEP_GRADE_M 60.0

/* `altitude` may be NULL: a treadmill is flat. Free with moving_steps_free also after a failure. */
athlete_status moving_steps_build(athlete_poll *poll, const stream *time, const stream *distance,
                                  const stream *altitude, grade_model model, athlete_budget *budget,
                                  moving_steps *out);
void moving_steps_free(athlete_budget *budget, moving_steps *steps);

/* Seconds for a metre on the flat; NaN without a step in motion. */
double graded_pace_s_m(const moving_steps *steps);

#endif
