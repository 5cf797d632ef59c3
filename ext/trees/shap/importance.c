#include "trees/shap/importance.h"

void importance_of_splits(const forest *model, tree_span trees, feature_importance *features) {
    for (int f = 0; f < model->n_features; f++) features[f] = (feature_importance){.weight = 0};
    const size_t end = forest_tree_start(model, trees.end);
    for (size_t i = forest_tree_start(model, trees.first); i < end; i++) {
        const tree_node *node = &model->nodes[i];
        if (node->left < 0) continue;
        feature_importance *feature = &features[node->feature];
        feature->weight++;
        feature->total_gain += node->gain;
        feature->total_cover += node->cover;
    }
}

athlete_status importance_add_rows(const shap_forest *explainer, const float *rows, size_t n,
                                   double *contributions, feature_importance *features, athlete_poll *poll) {
    athlete_status status = shap_contributions(explainer, rows, n, contributions, poll);
    if (status != ATHLETE_OK) return status;
    const size_t outputs = n * (size_t)explainer->model->n_outputs;
    for (size_t i = 0; i < outputs; i++) {
        for (int f = 0; f < explainer->model->n_features; f++)
            sum_add(&features[f].shap, fabs(*contributions++));
        contributions++; /* the base value */
    }
    return ATHLETE_OK;
}
