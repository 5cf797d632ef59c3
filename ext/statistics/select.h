/* The k-th smallest of numbers without sorting them all, and the sorting that it falls back on. */
#ifndef ATHLETE_STATISTICS_SELECT_H
#define ATHLETE_STATISTICS_SELECT_H

#include <stddef.h>
#include "base/poll.h"
#include "base/status.h"

/* Puts the k-th smallest value, k from 0 and below n, at v[k], none greater before it and none smaller after it. No value
** is NaN. The time is linear as a rule. */
athlete_status select_smallest(athlete_poll *poll, double *v, size_t n, size_t k);

/* Sorts n numbers upwards in their place, without more memory. */
athlete_status heap_sort(athlete_poll *poll, double *v, size_t n);

#endif
