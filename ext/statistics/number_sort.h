/* Sorting doubles by value in time linear in their number. */
#ifndef ATHLETE_STATISTICS_NUMBER_SORT_H
#define ATHLETE_STATISTICS_NUMBER_SORT_H

#include <stddef.h>
#include "base/memory.h"
#include "base/poll.h"

/* Sorts n numbers upwards, none of them NaN. Takes twice as much memory again while it works. */
athlete_status number_sort(athlete_budget *budget, athlete_poll *poll, double *v, size_t n);

#endif
