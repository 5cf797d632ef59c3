#include "trees/shap/shap_walk.h"

#include <string.h>
#include "base/precondition.h"

/* Vectors at an address that is a multiple of their size; *block is what to give back. */
static shap_lanes *take_lanes(athlete_budget *budget, size_t n, void **block) {
    *block = n < SIZE_MAX ? memory_alloc(budget, n + 1, sizeof(shap_lanes)) : NULL;
    if (!*block) return NULL;
    size_t past = (size_t)((uintptr_t)*block % sizeof(shap_lanes));
    return (shap_lanes *)(void *)((char *)*block + (past ? sizeof(shap_lanes) - past : 0));
}

static shap_lanes *take_scratch(const shap_forest *explainer, shap_scratch *at, void **block) {
    const size_t n = (size_t)explainer->most_splits, w = SHAP_WIDTH;
    shap_lanes *lanes = take_lanes(explainer->budget, 3 * n + (5 * n + 2) * w, block);
    if (!lanes) return NULL;
    at->went_left = lanes;
    at->came = at->went_left + n;
    at->step = at->came + n;
    at->share = at->step + n;
    at->reach = at->share + n * w;
    at->worth = at->reach + (n + 1) * w;
    at->edge = at->worth + (2 * n + 1) * w;
    return lanes;
}

/* Rows beside each other, by groups; a group that is not full is filled up with its last row. */
static void shap_transpose(const float *rows, size_t n, size_t n_features, size_t n_groups,
                           shap_lanes *values) {
    for (size_t i = 0; i < n_groups * SHAP_LANES; i++) {
        const float *row = rows + (i < n ? i : n - 1) * n_features;
        double *to = (double *)(values + i / SHAP_LANES * n_features) + i % SHAP_LANES;
        for (size_t f = 0; f < n_features; f++) to[f * SHAP_LANES] = row[f];
    }
}

static athlete_status shap_walk_tree(const shap_forest *explainer, const shap_tree *tree, size_t n_groups,
                                     const shap_lanes *values, const shap_scratch *at, shap_walk *walk,
                                     size_t n_sums, shap_sums *sums, athlete_poll *poll) {
    const size_t n_features = (size_t)explainer->model->n_features;
    for (int point = 0; point < tree->n_points; point += SHAP_WIDTH) {
        int width = tree->n_points - point < SHAP_WIDTH ? tree->n_points - point : SHAP_WIDTH;
        shap_lanes *leaf = at->worth + (size_t)tree->n_splits * (size_t)width;
        for (int32_t i = 0; i < tree->n_leaves; i++) {
            shap_lanes value = SHAP_BROADCAST(explainer->leaves[tree->first_leaf + (size_t)i]);
            for (int p = 0; p < width; p++) *leaf++ = value;
        }
        for (size_t g = 0; g < n_groups; g++) {
            shap_lanes *to = sums->lanes + g * sums->per_row + tree->output * n_sums;
            if (walk(explainer, tree, point, width, values + g * n_features, at, to, poll) ||
                poll_due(poll, (size_t)tree->n_splits * (size_t)(4 + 2 * width)))
                return ATHLETE_INTERRUPTED;
        }
    }
    return ATHLETE_OK;
}

athlete_status shap_walk_rows(const shap_forest *explainer, const float *rows, size_t n, size_t n_sums,
                              shap_walk *walk, shap_sums *sums, athlete_poll *poll) {
    assert(n > 0);
    const forest *model = explainer->model;
    const size_t n_groups = (n + SHAP_LANES - 1) / SHAP_LANES, n_features = (size_t)model->n_features;
    *sums = (shap_sums){.budget = explainer->budget, .per_row = (size_t)model->n_outputs * n_sums};
    shap_scratch at;
    void *scratch_block = NULL, *values_block = NULL;
    shap_lanes *values = take_lanes(explainer->budget, n_groups * n_features, &values_block);
    shap_lanes *scratch = values ? take_scratch(explainer, &at, &scratch_block) : NULL;
    if (scratch && sums->per_row <= SIZE_MAX / n_groups)
        sums->lanes = take_lanes(explainer->budget, n_groups * sums->per_row, &sums->block);
    athlete_status status = sums->lanes ? ATHLETE_OK : memory_status(explainer->budget);
    if (sums->lanes) memset(sums->lanes, 0, n_groups * sums->per_row * sizeof(shap_lanes));
    if (status == ATHLETE_OK) shap_transpose(rows, n, n_features, n_groups, values);
    for (size_t t = explainer->span.first; status == ATHLETE_OK && t < explainer->span.end; t++)
        status =
            shap_walk_tree(explainer, &explainer->trees[t], n_groups, values, &at, walk, n_sums, sums, poll);
    memory_free(explainer->budget, scratch_block);
    memory_free(explainer->budget, values_block);
    return status;
}

void shap_sums_free(shap_sums *sums) {
    memory_free(sums->budget, sums->block);
    *sums = (shap_sums){.budget = NULL};
}
