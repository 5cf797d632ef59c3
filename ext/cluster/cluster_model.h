/* A model of clusters and its JSON text. */
#ifndef ATHLETE_CLUSTER_CLUSTER_MODEL_H
#define ATHLETE_CLUSTER_CLUSTER_MODEL_H

#include <stdbool.h>
#include "base/fault.h"
#include "base/text/text_buffer.h"
#include "cluster/kmeans.h"

#define CLUSTER_MAX_FEATURES 1000
#define CLUSTER_LARGEST      1e150 /* of a feature: squares of differences must be numbers */

typedef struct cluster_model {
    size_t k, width;
    bool imputes;       /* a missing feature counts as the mean; else there is no cluster without it */
    const char **names; /* of features; NULL if they have none */
    double *means, *scales;
    double *centres;     /* k rows, standardised */
    double *ids, *sizes; /* of clusters: whole numbers */
    double rows, inertia;
    char *strings; /* what the names point into */
} cluster_model;

/* Room for a model without names; free it also after a failure. */
athlete_status cluster_model_open(athlete_budget *budget, size_t k, size_t width, cluster_model *model);
void cluster_model_free(athlete_budget *budget, cluster_model *model);

athlete_status cluster_model_name(athlete_budget *budget, const char *const *names, cluster_model *model);

/* Adds the text:
** {"model": "kmeans", "features": [names], "missing": "refuse" or "mean", "rows": of the training, "inertia": …, "means": [per
** feature], "scales": [per feature], "clusters": [ids], "sizes": [per cluster], "centers": [cluster by cluster]}. */
void cluster_model_write(const cluster_model *model, text_buffer *text);

/* Reads it, every number checked. `poll` may be NULL. */
athlete_status cluster_model_read(const char *text, size_t length, athlete_budget *budget, athlete_poll *poll,
                                  cluster_model *model, athlete_fault *fault);

/* The place of the cluster that a row of features belongs to, and the distance from its centre in standardised units. `row`, in which
** NAN is missing, is standardised. */
size_t cluster_of(const cluster_model *model, double *row, double *distance);

/* A coordinate of a centre, in the feature's own unit. */
static inline double cluster_center(const cluster_model *model, size_t c, size_t feature) {
    return model->centres[c * model->width + feature] * model->scales[feature] + model->means[feature];
}

#endif
