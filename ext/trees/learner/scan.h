/* The best of a feature's cuts, from what would go left at each: those behind a bin that is not empty are all there are.
**
** All numbers are in units of gradients and hessians: whole numbers in doubles, exact below 2^53, and rounded once, the same way
** everywhere, above. The vector code computes the same products in the same order, one lane per cut, so all levels find
** the same cut. */
#ifndef ATHLETE_TREES_LEARNER_SCAN_H
#define ATHLETE_TREES_LEARNER_SCAN_H

#include <math.h>
#include "base/simd.h"
#include "trees/learner/histogram.h"

typedef struct scan_node {
    double gradient, hessian; /* of the node */
    double lambda, alpha;     /* penalties, in units of hessians and of gradients */
    double least_hessian;     /* that a child must have, above 0 */
    double lower,
        upper; /* bounds of weights, in units of gradients per unit of hessians; infinite for none */
    double rows, least_rows; /* of the node, and that a child must have where rows are counted */
} scan_node;

typedef struct scan_cut {
    double
        score; /* T(GL)^2 / (HL + lambda) + T(GR)^2 / (HR + lambda), see split.h; within the node's bounds if there
                  ** are any; -infinity if no cut is allowed */
    int bin;           /* the last one that goes left */
    bool missing_left; /* false if nothing is missing */
} scan_cut;

typedef struct scan_feature {
    const histogram *histogram;
    size_t slot; /* of the first bin */
    int n_bins;  /* behind which the feature can be cut */
    int shift;
    int direction; /* 1: the left side's weight must not be above the right one's; -1: not below it; 0: any */
    gradient_sum missing;
    const int64_t *rows; /* in each bin, if the least number of rows in a child is asked for; or NULL */
    int64_t rows_missing;
} scan_feature;

/* Of equal scores the lowest bin, then what is missing on the right. */
static inline bool scan_is_better(const scan_cut *left_cut, const scan_cut *cut) {
    return left_cut->score > cut->score || (left_cut->score == cut->score && left_cut->bin < cut->bin);
}

scan_cut scan_best_cut(const scan_feature *feature, const scan_node *node);

/* Whether both sides have rows enough when the left one has these. */
static inline bool scan_allows_rows(const scan_node *node, int64_t left) {
    return (double)left >= node->least_rows && node->rows - (double)left >= node->least_rows;
}

/* Whether the weights of a node are limited. */
static inline bool scan_is_bounded(const scan_node *node) {
    return isfinite(node->lower) || isfinite(node->upper);
}

/* What a part of the node is worth with the best weight within the node's bounds: T(G)^2 / (H + lambda) if there are none. */
double scan_part_score(const scan_node *node, double gradient, double hessian);

#endif
