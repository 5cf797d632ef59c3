/* The negative logarithm of the share that a row's own class has in e^margin over all classes. */
#include "base/numbers/float_math.h"
#include "trees/objective/losses.h"

/* The hessian is the second derivative by the class's own margin, times a factor, since the K trees of a round move each
** other's shares: 2 in XGBoost, K / (K - 1) in LightGBM (Friedman, Annals of Statistics 2001, algorithm 6). So the same eta makes
** steps of other lengths, and the objective's name says whose are meant. */
static double factor_of_hessians(const objective *o) {
    return o->friedman_hessians ? o->n_classes / (o->n_classes - 1.0) : 2;
}

static void softmax_gradients(const objective *o, const objective_rows *rows, size_t i, int label,
                              double sum) {
    double factor = factor_of_hessians(o);
    for (int k = 0; k < o->n_classes; k++) {
        size_t cell = (size_t)k * rows->n + i;
        double p = (float)rows->gradients[cell] / (float)sum, hessian = factor * p * (1 - p);
        rows->gradients[cell] = p - (k == label);
        rows->hessians[cell] = hessian > OBJECTIVE_LEAST_HESSIAN ? hessian : OBJECTIVE_LEAST_HESSIAN;
    }
}

void softmax_loss(const objective *o, const objective_rows *rows) {
    size_t n = rows->n;
    for (size_t i = 0; i < n; i++) {
        int label = (int)rows->labels[i];
        float highest = rows->margins[i];
        for (int k = 1; k < o->n_classes; k++) {
            float margin = rows->margins[(size_t)k * n + i];
            highest = margin > highest ? margin : highest;
        }
        double sum = 0;
        float own = 0;
        for (int k = 0; k < o->n_classes; k++) {
            float power = float_exp(rows->margins[(size_t)k * n + i] - highest);
            if (rows->gradients) rows->gradients[(size_t)k * n + i] = power;
            if (k == label) own = power;
            sum += power;
        }
        float share = own / (float)sum;
        rows->losses[i] = -(double)float_log(share > OBJECTIVE_LEAST_SHARE ? share : OBJECTIVE_LEAST_SHARE);
        if (rows->gradients) softmax_gradients(o, rows, i, label, sum);
    }
}
