#include <math.h>
#include "trees/float_math.h"
#include "trees/model.h"

static float tree_value(const tree_node *nodes, const float *row) {
    const tree_node *node = nodes;
    while (node->left >= 0) {
        float x = row[node->feature];
        bool left = isnan(x) ? node->missing_left : x < node->value;
        node = nodes + node->left + (left ? 0 : 1);
    }
    return node->value;
}

float forest_margin(const forest *model, const float *row) {
    float margin = model->base_margin;
    for (size_t t = 0; t < model->n_trees; t++)
        margin += tree_value(model->nodes + forest_tree_start(model, t), row);
    return margin;
}

float forest_output(const forest *model, float margin) {
    return model->link == MODEL_LOGISTIC ? float_sigmoid(margin) : margin;
}
