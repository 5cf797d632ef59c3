/* How well one number tells another, by ranks alone: no scale, no shape, outliers weigh nothing. */
#ifndef ATHLETE_STATISTICS_ASSOCIATION_H
#define ATHLETE_STATISTICS_ASSOCIATION_H

#include <stdbool.h>
#include <stddef.h>
#include "base/memory.h"
#include "base/poll.h"

typedef struct association {
    size_t n;       /* pairs in which both are numbers */
    bool is_binary; /* the label has two values: `strength` is an AUC, else a squared rank correlation */
    double strength;
} association;

/* Of `feature` for `label`, both of `n` numbers with NAN for those that are missing.
**
** AUC: the share of pairs of one label of each kind in which the feature orders them, ties counting half (Mann & Whitney
** 1947, Ann. Math. Stat. 18:50), in the better direction: 0.5 to 1. Squared rank correlation (Spearman 1904, Am. J.
** Psychol. 15:72) with mean ranks for ties: 0 to 1. NAN where there are fewer than two pairs or a side is constant.
** O(n log n); ATHLETE_INTERRUPTED when the poll says so. */
athlete_status associate(const double *feature, const double *label, size_t n, athlete_budget *budget,
                         athlete_poll *poll, association *out);

#endif
