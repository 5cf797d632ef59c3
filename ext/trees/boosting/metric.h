/* How far off predictions are, by another measure than the loss that is minimised: XGBoost's eval_metric. Each is of outputs,
** probabilities or rates and not margins, and weighs rows. None depends on the order of rows. */
#ifndef ATHLETE_TREES_BOOSTING_METRIC_H
#define ATHLETE_TREES_BOOSTING_METRIC_H

#include "trees/bins/weights.h"
#include "trees/model/model.h"
#include "trees/objective/objective_parameters.h"

typedef enum metric_kind {
    METRIC_OF_OBJECTIVE, /* the mean loss, or its root; not to be asked of metric_value */
    METRIC_RMSE,
    METRIC_MAE,
    METRIC_ERROR,       /* share of rows on the wrong side of a probability of 0.5 */
    METRIC_AUC,         /* area under the ROC curve: the higher, the better */
    METRIC_CLASS_ERROR, /* share of rows whose likeliest class is another */
} metric_kind;

/* Memory for metric_value, all zeros before; what the metric does not need stays NULL. */
typedef struct metric_scratch {
    double *losses; /* n, the caller's */
    float *scores;
    uint32_t *rows;
} metric_scratch;

athlete_status metric_begin(metric_scratch *scratch, metric_kind kind, size_t n, athlete_budget *budget);
void metric_end(metric_scratch *scratch, athlete_budget *budget);

/* The margins of a row are n apart; the labels of METRIC_AUC are not all 0 and not all 1. */
double metric_value(metric_kind kind, const forest *model, const objective_rows *rows,
                    const row_weights *weights, const metric_scratch *scratch);

static inline bool metric_is_better(metric_kind kind, float a, float b) {
    return kind == METRIC_AUC ? a > b : a < b;
}

#endif
