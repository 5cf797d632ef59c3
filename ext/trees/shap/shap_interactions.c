/* SHAP interaction values of rows (shap.h).
**
** They are second derivatives: half of that of F by the probabilities of two features, integrated over t. Of the
** pairs of splits that ask for them, one is above the other (else no leaf is below both). By the lower one the derivative of
** D P is D e s (P_left - P_right) as for SHAP values, and D is a product of f and 1 - f of the sides taken, so that an upper
** one multiplies it by the derivative of its factor over the factor: e s / f to the left, -e s / (1 - f) to the right.
** Where a factor is 0, so is D; the smallest number there is keeps 0 / 0 away. */
#include "trees/shap/shap_walk.h"

#define NEVER_ZERO 1e-200

/* What the way to each split contributes to pairs with those below it. */
SHAP_INLINE void take_edges(const shap_forest *explainer, const shap_tree *tree, int point, int width,
                            const shap_scratch *at) {
    const shap_split *splits = explainer->splits + tree->first_split;
    const size_t w = (size_t)width;
    for (size_t v = 1; v < (size_t)tree->n_splits; v++) {
        size_t parent = (size_t)splits[v].parent;
        bool is_left = (size_t)splits[parent].left == v;
        const double *slope = explainer->slope + splits[parent].table + point;
        shap_lanes step = is_left ? at->step[parent] : -at->step[parent];
        for (size_t p = 0; p < w; p++) {
            shap_lanes share = at->share[parent * w + p];
            if (!is_left) share = 1 - share;
            at->edge[v * w + p] = slope[p] * step / (share + NEVER_ZERO);
        }
    }
}

/* Upwards: the sums of a feature alone are followed by those of (lower, upper) pairs. */
SHAP_INLINE bool shap_ascend_pairs(const shap_forest *explainer, const shap_tree *tree, int point, int width,
                                   const shap_scratch *at, shap_lanes *sums, athlete_poll *poll) {
    const shap_split *splits = explainer->splits + tree->first_split;
    const size_t w = (size_t)width, n_features = (size_t)explainer->model->n_features;
    for (size_t v = (size_t)tree->n_splits; v-- > 0;) {
        const shap_split *split = &splits[v];
        const double *slope = explainer->slope + split->table + point;
        const shap_lanes *left = at->worth + (size_t)split->left * w;
        const shap_lanes *right = at->worth + (size_t)split->right * w;
        shap_lanes slopes[SHAP_WIDTH], gain = SHAP_BROADCAST(0);
        for (size_t p = 0; p < w; p++) {
            shap_lanes difference = left[p] - right[p];
            at->worth[v * w + p] = right[p] + at->share[v * w + p] * difference;
            slopes[p] = slope[p] * at->reach[v * w + p] * difference;
            gain += slopes[p];
        }
        sums[split->feature] += at->step[v] * gain;
        shap_lanes *pairs = sums + (1 + (size_t)split->feature) * n_features;
        size_t depth = 0;
        for (size_t u = v; u > 0; u = (size_t)splits[u].parent, depth++) {
            uint32_t feature = splits[splits[u].parent].feature;
            if (feature == split->feature) continue;
            shap_lanes both = SHAP_BROADCAST(0);
            for (size_t p = 0; p < w; p++) both += slopes[p] * at->edge[u * w + p];
            pairs[feature] += at->step[v] * both;
        }
        if (poll_due(poll, depth * (1 + w / 2))) return true;
    }
    return false;
}

#define INTERACTIONS_WALK(width)                                                                             \
    (shap_descend(explainer, tree, point, width, values, at), take_edges(explainer, tree, point, width, at), \
     shap_ascend_pairs(explainer, tree, point, width, at, sums, poll))

SHAP_WALK_OF(interactions_walk, INTERACTIONS_WALK)

/* One output of one row: the matrix from its sums. What a feature does alone is what the pairs leave of its contribution. */
static void fill_matrix(const shap_sums *sums, size_t row, size_t first, size_t n, double base, double *out) {
    const size_t pairs = first + n, side = n + 1;
    for (size_t a = 0; a < n; a++) {
        double alone = shap_sum(sums, row, first + a);
        for (size_t b = 0; b < n; b++) {
            if (b == a) continue;
            double both =
                (shap_sum(sums, row, pairs + a * n + b) + shap_sum(sums, row, pairs + b * n + a)) / 2;
            out[a * side + b] = both;
            alone -= both;
        }
        out[a * side + a] = alone;
        out[a * side + n] = out[n * side + a] = 0;
    }
    out[n * side + n] = base;
}

athlete_status shap_interactions(const shap_forest *explainer, const float *rows, size_t n,
                                 double *interactions, athlete_poll *poll) {
    const size_t n_features = (size_t)explainer->model->n_features, n_sums = n_features * (n_features + 1);
    shap_sums sums;
    athlete_status status =
        shap_walk_rows(explainer, rows, n, n_sums, interactions_walk_of(explainer->level), &sums, poll);
    for (size_t i = 0; status == ATHLETE_OK && i < n; i++) {
        for (size_t o = 0; o < (size_t)explainer->model->n_outputs; o++) {
            fill_matrix(&sums, i, o * n_sums, n_features, explainer->base[o], interactions);
            interactions += (n_features + 1) * (n_features + 1);
            if (poll_due(poll, 4 * n_sums)) status = ATHLETE_INTERRUPTED;
        }
    }
    shap_sums_free(&sums);
    return status;
}
