/* The k-th smallest of numbers without sorting them all. */
#ifndef ATHLETE_STATISTICS_SELECT_H
#define ATHLETE_STATISTICS_SELECT_H

#include <stddef.h>
#include "base/poll.h"
#include "base/status.h"

/* Puts the k-th smallest value, k from 0 and below n, at v[k], none greater before it and none smaller after it. No value
** is NaN. The time is linear as a rule. */
athlete_status select_smallest(athlete_poll *poll, double *v, size_t n, size_t k);

#endif
