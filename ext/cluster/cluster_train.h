/* From rows of numbers to a model of clusters. */
#ifndef ATHLETE_CLUSTER_CLUSTER_TRAIN_H
#define ATHLETE_CLUSTER_CLUSTER_TRAIN_H

#include "cluster/cluster_model.h"

/* Rows that were made ready: standardised, in an order of their own. */
typedef struct cluster_rows {
    double *x; /* n rows of `width`, in which NAN is missing */
    size_t n, width, capacity;
    bool keeps_scale; /* columns are not divided by their standard deviation */
} cluster_rows;

/* Replaces the rows; `means` and `scales` have room for a number per column. */
athlete_status cluster_rows_prepare(cluster_rows *rows, double *means, double *scales, size_t *n_different,
                                    athlete_budget *budget, athlete_poll *poll);

/* Trains on the rows, which it changes. With `previous`, of as many features, each of its clusters gives its id to a cluster of the
** new model, as the centres lie nearest to each other all in all; the others get ids after all of those. The model is the
** caller's to free, also after a failure. */
athlete_status cluster_train(cluster_rows *rows, const kmeans_options *options, const cluster_model *previous,
                             athlete_budget *budget, athlete_poll *poll, cluster_model *model,
                             size_t *iterations, athlete_fault *fault);

#endif
