/* How many clusters there are, if any: by how well they are apart and whether they come again from other rows. */
#ifndef ATHLETE_CLUSTER_CHOOSE_H
#define ATHLETE_CLUSTER_CHOOSE_H

#include <stdbool.h>
#include "cluster/agreement.h"
#include "cluster/kmeans.h"

typedef struct choose_options {
    kmeans_options kmeans; /* of all points; its k is set here */
    size_t resamples;      /* bootstrap samples for one k */
} choose_options;

typedef struct choose_result {
    double inertia;
    silhouette_mean silhouette;
    double
        stability; /* mean adjusted Rand index of the clusters of all points and those that samples drawn with replacement give them */
} choose_result;

/* Of clusters in number k. Ben-Hur, Elisseeff & Guyon 2002, Pac. Symp. Biocomput., 6; Fang & Wang 2012, Comput. Stat. Data
** Anal. 56:468. A sample with fewer than k different points agrees with nothing. */
athlete_status choose_judge(const points *of, size_t k, const choose_options *options, athlete_budget *budget,
                            athlete_poll *poll, choose_result *result);

/* What clusters must be to be any. */
typedef struct choose_limits {
    double stability, silhouette;
} choose_limits;

static inline bool choose_is_stable(const choose_result *result, choose_limits least) {
    return result->stability >= least.stability;
}

static inline bool choose_is_apart(const choose_result *result, choose_limits least) {
    return result->silhouette.mean >= least.silhouette; /* false for NAN */
}

/* Which of n results, in the order of k, is chosen: of those that are stable and apart the first whose silhouette is at most a
** standard error below the greatest (the rule of Breiman et al. 1984, Classification and Regression Trees, 3.4.3, for the
** simplest of what is as good). n if none is. */
size_t choose_best(const choose_result *results, size_t n, choose_limits least);

#endif
