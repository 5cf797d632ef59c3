/* The logistic loss of a probability p = 1 / (1 + e^-margin). */
#include "base/numbers/float_each.h"
#include "base/numbers/float_math.h"
#include "trees/objective/losses.h"

static double log_of_share(float p) {
    return float_log(p > OBJECTIVE_LEAST_SHARE ? p : OBJECTIVE_LEAST_SHARE);
}

/* Of the two terms, that of a class which the row is not in is 0. */
static double cross_entropy(float p, double label) {
    if (label == 0) return -log_of_share(1 - p);
    if (label == 1) return -log_of_share(p);
    return -label * log_of_share(p) - (1 - label) * log_of_share(1 - p);
}

/* The shares of a block of rows: p, and that of the class which the row is in. */
typedef struct share_block {
    float p[OBJECTIVE_BLOCK_ROWS], own[OBJECTIVE_BLOCK_ROWS];
} share_block;

/* own[i] becomes its logarithm. Of labels 0 and 1 the sum of products is the share itself, without a branch that the processor
** guesses wrongly for every other row. True if some label lies between the classes. */
static bool find_shares(const float *margins, const float *labels, size_t n, simd_level level,
                        share_block *b) {
    int between = 0;
    float_sigmoid_each(margins, n, level, b->p);
    for (size_t i = 0; i < n; i++) {
        float label = labels[i], own = b->p[i] * label + (1 - b->p[i]) * (1 - label);
        b->own[i] = own > OBJECTIVE_LEAST_SHARE ? own : OBJECTIVE_LEAST_SHARE;
        between |= (label != 0) & (label != 1);
    }
    float_log_each(b->own, n, level, b->own);
    return between != 0;
}

/* The weight of a row is 1, or `positive` where the label is 1. Looked up only where that differs, so that the usual loop has
** nothing that vector instructions cannot do. */
static inline void add_gradients(double positive, const float *restrict p, const float *restrict labels,
                                 size_t n, double *restrict gradients, double *restrict hessians) {
    const double weights[2] = {1, positive};
    for (size_t i = 0; i < n; i++) {
        double label = (double)labels[i], weight = positive == 1 ? 1 : weights[label == 1];
        double hessian = weight * (double)p[i] * (1 - (double)p[i]);
        gradients[i] = weight * ((double)p[i] - label);
        hessians[i] = hessian > OBJECTIVE_LEAST_HESSIAN ? hessian : OBJECTIVE_LEAST_HESSIAN;
    }
}

void logistic_loss(const objective *o, const objective_rows *rows) {
    share_block b;
    for (size_t start = 0; start < rows->n; start += OBJECTIVE_BLOCK_ROWS) {
        size_t n = rows->n - start < OBJECTIVE_BLOCK_ROWS ? rows->n - start : OBJECTIVE_BLOCK_ROWS;
        const float *labels = rows->labels + start;
        bool between = find_shares(rows->margins + start, labels, n, o->level, &b);
        for (size_t i = 0; i < n; i++) rows->losses[start + i] = -(double)b.own[i];
        for (size_t i = 0; between && i < n; i++) rows->losses[start + i] = cross_entropy(b.p[i], labels[i]);
        if (!rows->gradients) continue;
        double *gradients = rows->gradients + start, *hessians = rows->hessians + start;
        if (o->positive_weight == 1) add_gradients(1, b.p, labels, n, gradients, hessians);
        else add_gradients(o->positive_weight, b.p, labels, n, gradients, hessians);
    }
}
