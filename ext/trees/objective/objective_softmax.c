/* The negative logarithm of the share that a row's own class has in e^margin over all classes. */
#include "base/numbers/float_math.h"
#include "trees/objective/losses.h"

/* The hessian is the second derivative by the class's own margin, as in scikit-learn. Larger ones are in use, since the K
** trees of a round move each other's shares: times K / (K - 1) (Friedman, Annals of Statistics 2001, algorithm 6; LightGBM),
** times 2 (XGBoost). They shorten the steps, and with the usual shrinkage the held-out loss is higher by 1 % and more. */
static void softmax_gradients(const objective_rows *rows, size_t i, int n_classes, int label, double sum) {
    for (int k = 0; k < n_classes; k++) {
        size_t cell = (size_t)k * rows->n + i;
        double p = (float)rows->gradients[cell] / (float)sum, hessian = p * (1 - p);
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
        if (rows->gradients) softmax_gradients(rows, i, o->n_classes, label, sum);
    }
}
