/* p-values of many tests at once. */
#ifndef ATHLETE_STATISTICS_FALSE_DISCOVERY_H
#define ATHLETE_STATISTICS_FALSE_DISCOVERY_H

#include <stddef.h>
#include "base/memory.h"
#include "base/poll.h"

/* Puts in the place of each of n p-values the least rate of false discoveries at which its test would be among the discoveries
** (Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289). NAN is no test and stays. */
athlete_status false_discovery_rates(athlete_budget *budget, athlete_poll *poll, double *p, size_t n);

#endif
