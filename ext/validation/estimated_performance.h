/* What a model is worth while labels are still to come: of a classifier from probabilities that keep their word (CBPE), of a regressor
** from the loss that another model expects of each row (DLE); beside it what it turned out to be worth. */
#ifndef ATHLETE_VALIDATION_ESTIMATED_PERFORMANCE_H
#define ATHLETE_VALIDATION_ESTIMATED_PERFORMANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include "base/memory.h"
#include "base/poll.h"

typedef enum performance_metric {
    PERFORMANCE_ROC_AUC,
    PERFORMANCE_ACCURACY,
    PERFORMANCE_PRECISION,
    PERFORMANCE_RECALL,
    PERFORMANCE_SPECIFICITY,
    PERFORMANCE_F1, /* the last of a classifier */
    PERFORMANCE_MEAN_LOSS,
    PERFORMANCE_ROOT_LOSS, /* of the mean of squares */
    PERFORMANCE_METRICS
} performance_metric;

/* How many chunks with a label it takes to tell what is usual. */
#define PERFORMANCE_LEAST_CHUNKS 6

/* One row. Of a regressor only what is expected and what came count: losses, 0 and more. */
typedef struct performance_case {
    double expected; /* the probability of label 1 */
    double came;     /* the label, 0 or 1; NAN: not yet known */
    double score;    /* what orders the cases for the area under the ROC curve */
    int64_t
        decision; /* what the model said, 0 or 1; as large as a double everywhere, so that doubles step over cases */
} performance_case;

/* The metric's value from what is expected, or from what came, of the rows that have it; NAN where there is none. Expected cases count in
** shares: a p of 0.8 is 0.8 of a positive case and 0.2 of a negative one. Cases of one score count half against one another. */
athlete_status performance_value(performance_metric metric, const performance_case *cases, size_t n,
                                 bool came, athlete_budget *budget, athlete_poll *poll, double *value);

/* What the reference says of a metric. */
typedef struct performance_scale {
    double spread, share; /* a chunk of n rows is off by spread / sqrt(n share) by chance; NAN: not known */
    double lower, upper;  /* of what came, chunk by chunk: the mean less and plus three standard deviations */
    size_t n_chunks;      /* that say so */
} performance_scale;

/* All cases of the reference have come. */
athlete_status performance_fit(performance_metric metric, const performance_case *cases, size_t n,
                               size_t chunk_size, athlete_budget *budget, athlete_poll *poll,
                               performance_scale *scale);

/* The standard error of a chunk of n rows, and three of them around an estimate, within what the metric can be. */
typedef struct performance_band {
    double error, lower, upper;
} performance_band;
performance_band performance_band_of(performance_metric metric, const performance_scale *scale,
                                     double estimated, size_t n);

#endif
