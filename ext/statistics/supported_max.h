/* The greatest of numbers that another one bears out: what a series of measurements proves when any one of them may be a glitch.
**
** An extreme that stands alone is a fault more often than a feat. One value more or less, however absurd, moves the answer at
** most to a value within the tolerance of another. */
#ifndef ATHLETE_STATISTICS_SUPPORTED_MAX_H
#define ATHLETE_STATISTICS_SUPPORTED_MAX_H

#include <stddef.h>
#include "base/poll.h"
#include "base/status.h"

/* The greatest of n positive numbers that has another at least x / (1 + tolerance) and at most x beside it, or NAN. Reorders
** the numbers: those that come before the answer stand alone. */
athlete_status supported_max(athlete_poll *poll, double *x, size_t n, double tolerance, double *out);

#endif
