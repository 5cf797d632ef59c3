/* SHAP values of rows (shap.h). */
#include "trees/shap/shap_walk.h"

/* Upwards: P of every split, and what it adds to its feature. */
SHAP_INLINE bool shap_ascend(const shap_forest *explainer, const shap_tree *tree, int point, int width,
                             const shap_scratch *at, shap_lanes *sums) {
    const shap_split *splits = explainer->splits + tree->first_split;
    const size_t w = (size_t)width;
    for (size_t v = (size_t)tree->n_splits; v-- > 0;) {
        const shap_split *split = &splits[v];
        const double *slope = explainer->slope + split->table + point;
        const shap_lanes *left = at->worth + (size_t)split->left * w;
        const shap_lanes *right = at->worth + (size_t)split->right * w;
        shap_lanes gain = SHAP_BROADCAST(0);
        for (size_t p = 0; p < w; p++) {
            shap_lanes difference = left[p] - right[p];
            at->worth[v * w + p] = right[p] + at->share[v * w + p] * difference;
            gain += slope[p] * at->reach[v * w + p] * difference;
        }
        sums[split->feature] += at->step[v] * gain;
    }
    return false;
}

#define VALUES_WALK(width)                                                                                   \
    (shap_descend(explainer, tree, point, width, values, at),                                                \
     shap_ascend(explainer, tree, point, width, at, sums))

SHAP_WALK_OF(values_walk, VALUES_WALK)

athlete_status shap_contributions(const shap_forest *explainer, const float *rows, size_t n,
                                  double *contributions, athlete_poll *poll) {
    const size_t n_features = (size_t)explainer->model->n_features;
    shap_sums sums;
    athlete_status status =
        shap_walk_rows(explainer, rows, n, n_features, values_walk_of(explainer->level), &sums, poll);
    for (size_t i = 0; status == ATHLETE_OK && i < n; i++) {
        for (size_t o = 0; o < (size_t)explainer->model->n_outputs; o++) {
            for (size_t f = 0; f < n_features; f++) *contributions++ = shap_sum(&sums, i, o * n_features + f);
            *contributions++ = explainer->base[o];
        }
    }
    shap_sums_free(&sums);
    return status;
}
