/* k-means: centres that points lie near to.
**
** Sources: starts by k-means++ (Arthur & Vassilvitskii 2007, SODA, 1027), each centre the best of several draws as they
** propose at the end; Lloyd 1982, IEEE Trans. Inf. Theory 28:129, until nothing moves; then single points are moved as long
** as that helps (Hartigan 1975, Clustering Algorithms, 4.3; Telgarsky & Vattani 2010, AISTATS), which ends at fewer and
** better places than Lloyd's steps alone; from the best start single centres are then tried elsewhere (Fränti & Kivijärvi 2000,
** Pattern Anal. Appl. 3:358). */
#ifndef ATHLETE_CLUSTER_KMEANS_H
#define ATHLETE_CLUSTER_KMEANS_H

#include "cluster/points.h"

#define KMEANS_MAX_CLUSTERS 1000

typedef struct kmeans_options {
    size_t k, starts, max_iterations;
    uint64_t seed;
} kmeans_options;

/* `centres` has room for k points and `labels` for n numbers; clusters are numbered by their size, the largest first, and those
** of one size by their first coordinates. */
typedef struct kmeans_result {
    double *centres;
    uint32_t *labels;
    double inertia;    /* the sum of the squared distances of points from their centres */
    size_t iterations; /* of the best start */
} kmeans_result;

/* 1 <= k <= the number of points that differ; else some clusters stay empty. O(starts * iterations * n * k * width). */
athlete_status kmeans(const points *of, const kmeans_options *options, athlete_budget *budget,
                      athlete_poll *poll, kmeans_result *result);

/* The nearest of k centres, the first of several, and the squared distance from it. */
size_t nearest_centre(const double *x, const double *centres, size_t k, size_t width, double *squared);

#endif
