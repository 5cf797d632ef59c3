/* Several quantiles of one model, of which none crosses the next.
**
** A round is one tree for each level, and the trees of a round have the same splits: found from the gradients of one level, the
** levels taking turns, since what parts rows at the median says nothing of how far they spread. Only their leaves differ: each
** is the quantile of what is left to explain there.
**
** What lies between two levels is, for every row that there can be, at least the sum over all trees of the smallest difference of
** two leaves. That sum begins with the distance of the intercepts and must not fall below what rounding can take of it: a leaf
** that would bring the levels nearer than what is left is moved. Where nothing is left, leaves ascend with the levels, and so
** do sums of them, rounding being monotone. A round may use a share of what is left, so that one narrow leaf of an early tree does
** not use it up: every leaf of a round may come nearer by the same. */
#ifndef ATHLETE_TREES_BOOSTING_LEVELS_H
#define ATHLETE_TREES_BOOSTING_LEVELS_H

#include <stddef.h>
#include "trees/objective/objective_parameters.h"

typedef struct level_distances {
    int n_levels;
    double least[OBJECTIVE_MOST_LEVELS]; /* between level k and k + 1, of any row */
    double largest;                      /* size of a margin, at most */
    double rounds;                       /* that there may be */
    double share;                        /* of what is left of a distance that a round may use */
} level_distances;

void levels_begin(level_distances *d, int n_levels, const float *intercepts, int rounds, double eta);

/* Moves the leaves of a round's trees, leaf i of level k being values[k * n + i], until no two levels can cross. */
void levels_part(level_distances *d, float *values, size_t n);

#endif
