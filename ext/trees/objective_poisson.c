/* The negative log likelihood of a count whose rate is e^margin, without the term of the count alone.
**
** Its hessian is the rate, and small rates would make Newton's steps leap: as in XGBoost, it is taken a step further on
** (max_delta_step), where it is larger. */
#include "trees/float_math.h"
#include "trees/objective_family.h"

void poisson_loss(const objective *o, const objective_rows *rows) {
    for (size_t i = 0; i < rows->n; i++) {
        float margin = rows->margins[i];
        double rate = float_exp(margin), label = rows->labels[i];
        rows->losses[i] = rate - label * margin;
        if (!rows->gradients) continue;
        double hessian = float_exp(margin + (float)o->max_delta_step);
        rows->gradients[i] = rate - label;
        rows->hessians[i] = hessian > OBJECTIVE_LEAST_HESSIAN ? hessian : OBJECTIVE_LEAST_HESSIAN;
    }
}
