/* What a growing forest predicts for rows that it is not trained on, and how far off it is. */
#ifndef ATHLETE_TREES_BOOSTING_EVALUATION_H
#define ATHLETE_TREES_BOOSTING_EVALUATION_H

#include "trees/boosting/metric.h"
#include "trees/boosting/train_data.h"
#include "trees/objective/objective.h"

typedef struct evaluation {
    const row_set *set;
    metric_kind metric;
    float *margins; /* n_outputs x n */
    double *losses; /* n */
    metric_scratch scratch;
    uint32_t *units; /* per row, of its weight, if there are any */
    row_weights weights;
} evaluation;

athlete_status evaluation_begin(evaluation *e, const row_set *set, int n_outputs, metric_kind metric,
                                athlete_budget *budget);
void evaluation_end(evaluation *e, athlete_budget *budget);

/* Adds the forest's last tree to the margins. */
athlete_status evaluation_add_tree(evaluation *e, const forest *model, athlete_poll *poll);

/* By its metric. */
float evaluation_metric(const evaluation *e, const forest *model, const objective *o);

#endif
