#include "trees/model/walk.h"

#include <math.h>
#include "base/precondition.h"

size_t walk_build(const forest *model, size_t tree, int32_t *queue, walk_node *nodes) {
    const tree_node *from = model->nodes + forest_tree_start(model, tree);
    if (model->n_features > WALK_MAX_FEATURES) return 0;
    size_t n = 1;
    queue[0] = 0;
    for (size_t at = 0; at < n; at++) {
        const tree_node *node = from + queue[at];
        nodes[at] = (walk_node){.value = node->value, .input = (uint16_t)(2 * model->n_features + 1)};
        if (node->left < 0) continue;
        if (node->categorical || n - at > UINT16_MAX) return 0;
        nodes[at].input = (uint16_t)(2 * node->feature + node->missing_left);
        nodes[at].step = (uint16_t)(n - at);
        queue[n++] = node->left;
        queue[n++] = node->left + 1;
    }
    return n;
}

void walk_inputs(const float *row, int n_features, float *inputs) {
    inputs[2 * n_features] = inputs[2 * n_features + 1] = -INFINITY;
    for (int f = 0; f < n_features; f++) {
        float x = row[f];
        inputs[2 * f] = isnan(x) ? INFINITY : x;
        inputs[2 * f + 1] = isnan(x) ? -INFINITY : x;
    }
}

static inline const walk_node *next(const walk_node *at, const float *inputs) {
    return at + (at->step + (unsigned)!(inputs[at->input] < at->value));
}

void walk_trees(const walk_node *const roots[WALK_LANES], size_t n, const float *inputs, float *values) {
    assert(n > 0 && n <= WALK_LANES);
    const walk_node *at[WALK_LANES];
    for (size_t k = 0; k < WALK_LANES; k++) at[k] = roots[k < n ? k : 0];
    unsigned moved;
    do {
        for (size_t k = 0; k < WALK_LANES; k++) at[k] = next(at[k], inputs);
        moved = 0;
        for (size_t k = 0; k < WALK_LANES; k++) {
            at[k] = next(at[k], inputs);
            moved |= at[k]->step;
        }
    } while (moved);
    for (size_t k = 0; k < n; k++) values[k] = at[k]->value;
}

size_t walk_rows(const walk_node *root, const float *columns, size_t stride, float *sums) {
    const walk_node *at[WALK_LANES];
    for (size_t k = 0; k < WALK_LANES; k++) at[k] = root;
    unsigned moved;
    size_t steps = 0;
    do {
        moved = 0;
        for (size_t k = 0; k < WALK_LANES; k++) {
            unsigned step = at[k]->step, input = at[k]->input;
            float x = columns[(input >> 1) * stride + k];
            bool present = x == x;
            unsigned right = (unsigned)!(x < at[k]->value) & ((unsigned)present | ~input);
            moved |= step;
            at[k] += step + right;
        }
        steps += WALK_LANES;
    } while (moved);
    for (size_t k = 0; k < WALK_LANES; k++) sums[k] += at[k]->value;
    return steps;
}
