/* How far two ways to group the same rows agree, and how well one way suits the rows. */
#ifndef ATHLETE_CLUSTER_AGREEMENT_H
#define ATHLETE_CLUSTER_AGREEMENT_H

#include "cluster/points.h"

/* The Rand index of two labellings of n rows, adjusted for chance: 1 where they are the same but for names, 0 on average for
** labels at random, below where they agree less. Keys are hashes of labels, not 0. The counts are whole numbers and
** their products exact, so that only the last division rounds. 1 for n < 2. Hubert & Arabie 1985, J. Classif. 2:193. */
athlete_status adjusted_rand(const uint64_t *a, const uint64_t *b, size_t n, athlete_budget *budget,
                             athlete_poll *poll, double *index);

/* A mean and its standard error. */
typedef struct silhouette_mean {
    double mean, standard_error;
} silhouette_mean;

/* The mean silhouette of n points with labels below k: of each (b - a) / max(a, b), a its mean distance from the others of its
** cluster and b the least one from those of another; 0 for a point alone. NAN unless 2 to n - 1 clusters have points.
** Exact: O(n^2 * width). Rousseeuw 1987, J. Comput. Appl. Math. 20:53. */
athlete_status mean_silhouette(const points *of, const uint32_t *labels, size_t k, athlete_budget *budget,
                               athlete_poll *poll, silhouette_mean *silhouette);

/* The same of points whose labels are told apart by keys, not 0, in whatever order they come. */
athlete_status silhouette_of_keys(const points *of, const uint64_t *keys, athlete_budget *budget,
                                  athlete_poll *poll, double *silhouette);

#endif
