/* The exact two-sided p-value of the two-sample test of Kolmogorov and Smirnov, for samples without ties (with ties it is too
** large, never too small). */
#ifndef ATHLETE_DRIFT_SMIRNOV_H
#define ATHLETE_DRIFT_SMIRNOV_H

#include <stdint.h>
#include "base/memory.h"
#include "base/poll.h"

/* The chance that samples of m and n, each from 1 to 2^31, of one distribution differ by h / lcm(m, n) or more; h is at least 1,
** g their greatest common divisor.
** Equal sizes: the alternating sum of Gnedenko & Korolyuk 1951, as a product of fractions. Else the recursion of Hodges
** 1958, Ark. Mat. 3:469, for paths that leave the band, without cancellation (Viehmann 2021, arXiv:2102.08037): O(m n D).
** The operations are in scipy's order (ks_2samp, method 'exact'), so that a p-value that rounding puts above 1 is the same one. */
athlete_status smirnov_exact(athlete_budget *budget, athlete_poll *poll, int64_t m, int64_t n, int64_t g,
                             int64_t h, double *p);

#endif
