#include <math.h>
#include <string.h>
#include "trees/float_math.h"
#include "trees/model.h"

static float tree_value(const forest *model, size_t tree, const float *row) {
    const tree_node *nodes = model->nodes + forest_tree_start(model, tree), *node = nodes;
    while (node->left >= 0) {
        float x = row[node->feature];
        bool left = isnan(x)            ? node->missing_left
                    : node->categorical ? forest_category_left(model, node->set, x)
                                        : x < node->value;
        node = nodes + node->left + (left ? 0 : 1);
    }
    return node->value;
}

void forest_margins(const forest *model, const float *row, float *margins) {
    memcpy(margins, model->base_margins, (size_t)model->n_outputs * sizeof *margins);
    for (size_t t = 0; t < model->n_trees; t++) margins[model->tree_output[t]] += tree_value(model, t, row);
}

void forest_outputs(const forest *model, float *margins) {
    if (model->link == MODEL_LOGISTIC) margins[0] = float_sigmoid(margins[0]);
}
