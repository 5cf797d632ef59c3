/* The best of a feature's cuts, from what would go left at each: those behind a bin that is not empty are all there are.
**
** All numbers are in units of gradients and hessians: whole numbers in doubles, exact below 2^53, and rounded once, the same way
** everywhere, above. The vector code computes the same products in the same order, one lane per cut, so all levels find
** the same cut. */
#ifndef ATHLETE_TREES_SCAN_H
#define ATHLETE_TREES_SCAN_H

#include "base/simd.h"
#include "trees/histogram.h"

typedef struct scan_node {
    double gradient, hessian; /* of the node */
    double lambda, alpha;     /* penalties, in units of hessians and of gradients */
    double least_hessian;     /* that a child must have, above 0 */
    double lower,
        upper; /* bounds of weights, in units of gradients per unit of hessians; infinite for none */
    double rows, least_rows; /* of the node, and that a child must have where rows are counted */
} scan_node;

typedef struct scan_best {
    double
        score; /* T(GL)^2 / (HL + lambda) + T(GR)^2 / (HR + lambda), see split.h; -infinity if no cut is allowed */
    double hessian; /* that goes left */
    int bin;        /* the last one that goes left; the lowest of those with this score */
} scan_best;

typedef struct scan_feature {
    const histogram *histogram;
    size_t slot; /* of the first bin */
    int n_bins;  /* behind which the feature can be cut */
    int shift;
    gradient_sum missing;
    const int64_t *rows; /* in each bin, if the least number of rows in a child is asked for; or NULL */
    int64_t rows_missing;
} scan_feature;

/* The best cuts when what is missing goes right, and when it goes left; the second is the first if nothing is missing. */
typedef struct scan_result {
    scan_best right, left;
} scan_result;

scan_result scan_cuts(const scan_feature *feature, const scan_node *node, simd_level level);

/* What a part of the node is worth with the best weight within the node's bounds: T(G)^2 / (H + lambda) if there are none. */
double scan_score(const scan_node *node, double gradient, double hessian);

/* The best cuts by those scores of which the left side's weight is not above the right one's (direction 1), or not below it
** (-1). */
scan_result scan_cuts_bounded(const scan_feature *feature, const scan_node *node, int direction);

#endif
