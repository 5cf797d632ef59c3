/* The steady rate that costs what an uneven one does: the fourth root of the mean fourth power of its means over 30 s.
**
** Allen and Coggan's normalized power; of graded speed, normalized graded pace. */
#ifndef ATHLETE_STREAMS_NORMALIZED_H
#define ATHLETE_STREAMS_NORMALIZED_H

#include <stddef.h>
#include "base/poll.h"
#include "base/status.h"

/* Of n steps, each of so many seconds and of an amount (metres, joules) spread evenly over them. NaN below 30 s. */
athlete_status normalized_rate(athlete_poll *poll, const double *seconds, const double *amount, size_t n,
                               double *out);

#endif
