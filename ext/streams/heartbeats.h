/* The heart rate of a recording, without what a sensor made up.
**
** A rate outside 30 to 230 is a dropout (devices write 0 or 255 for none). A rate more than 30 bpm from the median of the 15
** samples to each side is a spike: hearts do not jump and come back. */
#ifndef ATHLETE_STREAMS_HEARTBEATS_H
#define ATHLETE_STREAMS_HEARTBEATS_H

#include "streams/steps.h"

#define HEART_RATE_MOST 230

/* `out` has room for as many as there are; NaN where there is no rate to believe. */
athlete_status heart_rates_believed(athlete_poll *poll, const stream *heart_rate, double *out);

/* By how many per cent fewer metres on the flat a heartbeat bought in the second half of the time in motion than in the
** first. NaN below 20 minutes, or where a tenth of the motion or more has no rate to believe. */
double decoupling_pct(const moving_steps *steps, const double *believed);

#endif
