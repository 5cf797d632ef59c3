/* Losses of the distance between margin and label: its square, and two that grow slower far from 0. */
#include <math.h>
#include "trees/objective/losses.h"

void squared_error(const objective *o, const objective_rows *rows) {
    (void)o;
    for (size_t i = 0; i < rows->n; i++) {
        double excess = (double)rows->margins[i] - rows->labels[i];
        rows->losses[i] = excess * excess;
        if (!rows->gradients) continue;
        rows->gradients[i] = excess;
        rows->hessians[i] = 1;
    }
}

/* s^2 (sqrt(1 + (e / s)^2) - 1): Charbonnier et al., IEEE Transactions on Image Processing 1997. */
void pseudo_huber(const objective *o, const objective_rows *rows) {
    double square = o->slope * o->slope;
    for (size_t i = 0; i < rows->n; i++) {
        double excess = (double)rows->margins[i] - rows->labels[i];
        double ratio = 1 + excess * excess / square, root = sqrt(ratio);
        rows->losses[i] = square * (root - 1);
        if (!rows->gradients) continue;
        double hessian = 1 / (ratio * root);
        rows->gradients[i] = excess / root;
        rows->hessians[i] = hessian > OBJECTIVE_LEAST_HESSIAN ? hessian : OBJECTIVE_LEAST_HESSIAN;
    }
}

/* Huber, Annals of Mathematical Statistics 1964; the hessian is 1 throughout, as LightGBM has it. */
void huber(const objective *o, const objective_rows *rows) {
    double slope = o->slope;
    for (size_t i = 0; i < rows->n; i++) {
        double excess = (double)rows->margins[i] - rows->labels[i], distance = fabs(excess);
        rows->losses[i] = distance <= slope ? excess * excess / 2 : slope * (distance - slope / 2);
        if (!rows->gradients) continue;
        rows->gradients[i] = distance <= slope ? excess : excess > 0 ? slope : -slope;
        rows->hessians[i] = 1;
    }
}
