/* Where k-means starts, and the workspace of one run. */
#ifndef ATHLETE_CLUSTER_KMEANS_START_H
#define ATHLETE_CLUSTER_KMEANS_START_H

#include <stdbool.h>
#include "cluster/points.h"

typedef struct kmeans_run {
    const points *of;
    size_t k;
    athlete_poll *poll;
    double *centres; /* k points */
    uint32_t *labels;
    size_t *sizes;     /* per cluster */
    double *distances; /* per point: squared, from the nearest centre; of the candidates behind them */
    double inertia;
    size_t iterations;
} kmeans_run;

/* Points as centres: the first drawn evenly, each next by its squared distance from those there are, as the one of several
** draws that leaves the least. ATHLETE_INTERRUPTED when the poll says so. */
athlete_status kmeans_start(kmeans_run *run, uint64_t *random);

/* Puts a centre where a point is that is drawn by its distance from the nearest centre, of which run->distances tells. */
void kmeans_move_centre(kmeans_run *run, size_t c, uint64_t *random);

#endif
