#include "trees/model/predict.h"

#include <math.h>
#include <string.h>
#include "base/numbers/float_math.h"

const tree_node *forest_leaf(const forest *model, size_t tree, const float *row, size_t stride) {
    const tree_node *nodes = model->nodes + forest_tree_start(model, tree), *node = nodes;
    while (node->left >= 0) {
        float x = row[node->feature * stride];
        bool left = isnan(x)            ? node->missing_left
                    : node->categorical ? forest_category_left(model, node->set, x)
                                        : x < node->value;
        node = nodes + node->left + (left ? 0 : 1);
    }
    return node;
}

/* XGBoost's order (src/common/math.h, Softmax): the largest margin is taken off first, the sum is of doubles, and each
** e^margin is divided by the sum rounded to float32. */
static void softmax(float *margins, int n) {
    float largest = margins[0];
    for (int k = 1; k < n; k++) largest = margins[k] > largest ? margins[k] : largest;
    double sum = 0;
    for (int k = 0; k < n; k++) {
        margins[k] = float_exp(margins[k] - largest);
        sum += (double)margins[k];
    }
    for (int k = 0; k < n; k++) margins[k] /= (float)sum;
}

void forest_outputs(const forest *model, float *margins) {
    switch (model->link) {
    case MODEL_IDENTITY: break;
    case MODEL_LOGISTIC:
        for (int k = 0; k < model->n_outputs; k++) margins[k] = float_sigmoid(margins[k]);
        break;
    case MODEL_EXPONENTIAL:
        for (int k = 0; k < model->n_outputs; k++) margins[k] = float_exp(margins[k]);
        break;
    case MODEL_SOFTMAX: softmax(margins, model->n_outputs); break;
    }
}

int forest_likeliest(const forest *model, const float *margins) {
    int at = 0;
    for (int k = 1; k < model->n_outputs; k++) {
        if (margins[k] > margins[at]) at = k;
    }
    return at;
}
