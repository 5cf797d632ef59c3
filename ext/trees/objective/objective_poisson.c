/* The negative log likelihood of a count whose rate is e^margin, without the term of the count alone.
**
** Its hessian is the rate, and small rates would make Newton's steps leap: as in XGBoost, it is taken a step further on
** (max_delta_step), where it is larger. */
#include "base/numbers/float_each.h"
#include "trees/objective/losses.h"

void poisson_loss(const objective *o, const objective_rows *rows) {
    float rate[OBJECTIVE_BLOCK_ROWS], later[OBJECTIVE_BLOCK_ROWS];
    for (size_t start = 0; start < rows->n; start += OBJECTIVE_BLOCK_ROWS) {
        size_t n = rows->n - start < OBJECTIVE_BLOCK_ROWS ? rows->n - start : OBJECTIVE_BLOCK_ROWS;
        const float *margins = rows->margins + start, *labels = rows->labels + start;
        float_exp_each(margins, n, o->level, rate);
        for (size_t i = 0; i < n; i++)
            rows->losses[start + i] = (double)rate[i] - (double)labels[i] * (double)margins[i];
        if (!rows->gradients) continue;
        for (size_t i = 0; i < n; i++) later[i] = margins[i] + (float)o->max_delta_step;
        float_exp_each(later, n, o->level, later);
        for (size_t i = 0; i < n; i++) {
            double hessian = later[i];
            rows->gradients[start + i] = (double)rate[i] - (double)labels[i];
            rows->hessians[start + i] = hessian > OBJECTIVE_LEAST_HESSIAN ? hessian : OBJECTIVE_LEAST_HESSIAN;
        }
    }
}
