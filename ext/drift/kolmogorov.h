/* The distribution of Kolmogorov's statistic of n numbers, which that of two samples tends to. */
#ifndef ATHLETE_DRIFT_KOLMOGOROV_H
#define ATHLETE_DRIFT_KOLMOGOROV_H

#include <stdint.h>
#include "base/memory.h"
#include "base/poll.h"

/* The chance of d or more by chance alone, n at least 1: by the method that Simard & L'Ecuyer 2011, J. Stat. Softw. 39(11), choose
** for n and d, within the borders that scipy has set (kstwo.sf), as two of the methods are approximations. O(n). */
athlete_status kolmogorov_tail(athlete_budget *budget, athlete_poll *poll, int64_t n, double d, double *p);

/* The chance of less than d, of which two methods are exact. By powers of a matrix of 2 ceil(n d) - 1 rows (Durbin 1968; Marsaglia,
** Tsang & Wang 2003, J. Stat. Softw. 8(18)): */
athlete_status kolmogorov_by_matrix(athlete_budget *budget, athlete_poll *poll, int64_t n, double d,
                                    double *p);

/* By 2 n + 1 convolutions (Pomeranz 1974, Commun. ACM 17:703): */
athlete_status kolmogorov_by_convolution(athlete_budget *budget, athlete_poll *poll, int64_t n, double d,
                                         double *p);

#endif
