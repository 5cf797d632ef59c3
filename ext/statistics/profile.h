/* What the numbers of a column are like. */
#ifndef ATHLETE_STATISTICS_PROFILE_H
#define ATHLETE_STATISTICS_PROFILE_H

#include <stddef.h>
#include "base/memory.h"
#include "base/poll.h"

enum { PROFILE_05, PROFILE_25, PROFILE_MEDIAN, PROFILE_75, PROFILE_95, PROFILE_QUANTILES };

typedef struct number_profile {
    size_t n_zeros, n_distinct;
    double mean;     /* NAN without numbers and where one is infinite */
    double variance; /* of a sample, from 0 on; NAN also for less than two, and where it is too large */
    double quantiles[PROFILE_QUANTILES]; /* type 7 of Hyndman & Fan 1996, Am. Stat. 50:361; NAN as the mean */
} number_profile;

/* Of n numbers, none of them NaN, which are sorted afterwards. Their order is nothing to the answer. */
athlete_status number_profile_of(athlete_budget *budget, athlete_poll *poll, double *v, size_t n,
                                 number_profile *out);

#endif
