/* The logistic loss of a probability p = 1 / (1 + e^-margin). */
#include "trees/float_math.h"
#include "trees/objective_family.h"

static double log_of_share(float p) {
    return float_log(p > OBJECTIVE_LEAST_SHARE ? p : OBJECTIVE_LEAST_SHARE);
}

/* Of the two terms, that of a class which the row is not in is 0. */
static double cross_entropy(float p, double label) {
    if (label == 0) return -log_of_share(1 - p);
    if (label == 1) return -log_of_share(p);
    return -label * log_of_share(p) - (1 - label) * log_of_share(1 - p);
}

void logistic_loss(const objective *o, const objective_rows *rows) {
    for (size_t i = 0; i < rows->n; i++) {
        float p = float_sigmoid(rows->margins[i]);
        double label = rows->labels[i];
        rows->losses[i] = cross_entropy(p, label);
        if (!rows->gradients) continue;
        double weight = label == 1 ? o->positive_weight : 1;
        double hessian = weight * (double)p * (1 - (double)p);
        rows->gradients[i] = weight * ((double)p - label);
        rows->hessians[i] = hessian > OBJECTIVE_LEAST_HESSIAN ? hessian : OBJECTIVE_LEAST_HESSIAN;
    }
}
