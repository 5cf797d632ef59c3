#include "trees/boosting/evaluation.h"

#include "base/numbers/fixed_point.h"
#include "trees/model/predict.h"

#define ROWS_BETWEEN_POLLS 1024

athlete_status evaluation_begin(evaluation *e, const row_set *set, int n_outputs, metric_kind metric,
                                athlete_budget *budget) {
    *e = (evaluation){.set = set, .metric = metric, .weights.total = set->n};
    e->margins = memory_zeroed(budget, (size_t)n_outputs * set->n, sizeof *e->margins);
    e->losses = memory_alloc(budget, set->n, sizeof *e->losses);
    if (set->weights) e->units = memory_alloc(budget, set->n, sizeof *e->units);
    if (!e->margins || !e->losses || (set->weights && !e->units)) return memory_status(budget);
    if (set->weights) e->weights = weights_fix(set->weights, set->n, e->units);
    e->scratch.losses = e->losses;
    return metric_begin(&e->scratch, metric, set->n, budget);
}

void evaluation_end(evaluation *e, athlete_budget *budget) {
    metric_end(&e->scratch, budget);
    memory_free(budget, e->margins);
    memory_free(budget, e->losses);
    memory_free(budget, e->units);
    *e = (evaluation){.set = NULL};
}

athlete_status evaluation_add_tree(evaluation *e, const forest *model, athlete_poll *poll) {
    size_t tree = model->n_trees - 1, n_features = (size_t)model->n_features;
    float *margins = e->margins + model->tree_output[tree] * e->set->n;
    for (size_t row = 0; row < e->set->n; row++) {
        margins[row] += forest_leaf(model, tree, e->set->values + row * n_features, 1)->value;
        if (row % ROWS_BETWEEN_POLLS == 0 && poll_due(poll, 50 * ROWS_BETWEEN_POLLS))
            return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

float evaluation_metric(const evaluation *e, const forest *model, const objective *o) {
    const row_set *set = e->set;
    const objective_rows rows = {set->n, e->margins, set->labels, NULL, NULL, e->losses};
    if (e->metric != METRIC_OF_OBJECTIVE)
        return (float)metric_value(e->metric, model, &rows, &e->weights, &e->scratch);
    objective_gradients(o, &rows);
    double sum = fixed_point_sum(e->losses, e->weights.units, e->weights.total, set->n);
    return (float)objective_metric_value(o, sum / (double)e->weights.total);
}
