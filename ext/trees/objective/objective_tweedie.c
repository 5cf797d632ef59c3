/* The negative log likelihood of a Tweedie distribution whose mean is e^margin, without the term of the label alone
** (Jorgensen, Journal of the Royal Statistical Society B 1987).
**
** The variance is the mean to a power from 1 (a Poisson distribution) to less than 2 (a gamma distribution): in between,
** the sum of a random number of amounts, with zeros among the labels. */
#include "base/numbers/float_each.h"
#include "trees/objective/losses.h"

void tweedie_loss(const objective *o, const objective_rows *rows) {
    float shares[OBJECTIVE_BLOCK_ROWS], sizes[OBJECTIVE_BLOCK_ROWS];
    const float power = (float)o->variance_power, below = 1 - power, above = 2 - power;
    for (size_t start = 0; start < rows->n; start += OBJECTIVE_BLOCK_ROWS) {
        size_t n = rows->n - start < OBJECTIVE_BLOCK_ROWS ? rows->n - start : OBJECTIVE_BLOCK_ROWS;
        const float *margins = rows->margins + start, *labels = rows->labels + start;
        for (size_t i = 0; i < n; i++) shares[i] = below * margins[i];
        for (size_t i = 0; i < n; i++) sizes[i] = above * margins[i];
        float_exp_each(shares, n, o->level, shares);
        float_exp_each(sizes, n, o->level, sizes);
        for (size_t i = 0; i < n; i++) {
            double share = (double)labels[i] * (double)shares[i], size = sizes[i];
            /* at 1 the quotient by 0 is infinite in every row; what varies of it has the logarithm for a limit */
            double gain = below < 0 ? share / (double)below : (double)labels[i] * (double)margins[i];
            rows->losses[start + i] = size / (double)above - gain;
            if (!rows->gradients) continue;
            double hessian = (double)above * size - (double)below * share;
            rows->gradients[start + i] = size - share;
            rows->hessians[start + i] = hessian > OBJECTIVE_LEAST_HESSIAN ? hessian : OBJECTIVE_LEAST_HESSIAN;
        }
    }
}
