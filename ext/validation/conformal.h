/* Intervals that keep their promise for any distribution: split-conformal prediction.
**
** Source: Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World, 2005; Lei et al. 2018, J Am Stat Assoc
** 113:1094. With n scores of cases that the model has not seen and one more that is like them, the score of the new case
** is above the one of rank ceil((n + 1) q) with a probability of at most 1 - q. */
#ifndef ATHLETE_VALIDATION_CONFORMAL_H
#define ATHLETE_VALIDATION_CONFORMAL_H

#include <stddef.h>
#include "base/poll.h"
#include "base/status.h"

/* The rank, from 1, of the score that bounds a share of q of new cases, 0 < q < 1: ceil((n + 1) q) as an upper bound,
** from q = 0.5 on, or floor((n + 1) q) as a lower one. 0 where n scores are too few to bound it. A q that is off
** by a rounding means the decimal that it should be. */
size_t conformal_rank(size_t n, double q);

/* The score of that rank, or NAN where there is none. Reorders the scores. */
athlete_status conformal_quantile(athlete_poll *poll, double *scores, size_t n, double q, double *out);

#endif
