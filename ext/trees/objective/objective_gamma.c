/* The deviance of a gamma distribution whose mean is e^margin: it counts errors in proportion to the mean. */
#include <float.h>
#include "base/numbers/float_each.h"
#include "trees/objective/losses.h"

void gamma_deviance(const objective *o, const objective_rows *rows) {
    float mean[OBJECTIVE_BLOCK_ROWS], log_label[OBJECTIVE_BLOCK_ROWS];
    for (size_t start = 0; start < rows->n; start += OBJECTIVE_BLOCK_ROWS) {
        size_t n = rows->n - start < OBJECTIVE_BLOCK_ROWS ? rows->n - start : OBJECTIVE_BLOCK_ROWS;
        const float *margins = rows->margins + start, *labels = rows->labels + start;
        float_exp_each(margins, n, o->level, mean);
        for (size_t i = 0; i < n; i++) log_label[i] = labels[i] > FLT_MIN ? labels[i] : FLT_MIN;
        float_log_each(log_label, n, o->level, log_label);
        for (size_t i = 0; i < n; i++) {
            double ratio = (double)labels[i] / (double)mean[i];
            rows->losses[start + i] = 2 * ((double)margins[i] - (double)log_label[i] + ratio - 1);
            if (!rows->gradients) continue;
            rows->gradients[start + i] = 1 - ratio;
            rows->hessians[start + i] = ratio > OBJECTIVE_LEAST_HESSIAN ? ratio : OBJECTIVE_LEAST_HESSIAN;
        }
    }
}
