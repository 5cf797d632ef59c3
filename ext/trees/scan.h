/* The best of a feature's cuts, from what would go left at each.
**
** All numbers are in units of gradients and hessians: whole numbers in doubles, exact below 2^53, and rounded once, the same way
** everywhere, above. The vector code computes the same products in the same order, one lane per cut, so all levels find
** the same cut. */
#ifndef ATHLETE_TREES_SCAN_H
#define ATHLETE_TREES_SCAN_H

#include "base/simd.h"
#include "trees/histogram.h"

#define ATHLETE_SCAN_LENGTH 256 /* at least ATHLETE_MAX_BIN, and a multiple of the vector length */

/* What goes left at each of `n` cuts: those behind a bin that is not empty, which are all there are to choose from. */
typedef struct cut_sums {
    int n;
    double gradient[ATHLETE_SCAN_LENGTH], hessian[ATHLETE_SCAN_LENGTH];
    uint8_t bin[ATHLETE_SCAN_LENGTH]; /* the last one that goes left */
} cut_sums;

/* Fills the sums of the first n_bins bins of a feature whose slots begin at `slot`. */
void scan_sums(const histogram *h, size_t slot, int n_bins, int shift, simd_level level, cut_sums *left);

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
    int cut; /* the lowest of those that have it */
} scan_best;

/* The best cut when `extra` (what is missing, or nothing) goes left too. */
scan_best scan_cuts(const cut_sums *left, gradient_sum extra, const scan_node *node, simd_level level);

/* What a part of the node is worth with the best weight within the node's bounds: T(G)^2 / (H + lambda) if there are none. */
double scan_score(const scan_node *node, double gradient, double hessian);

/* The best cut by those scores of which the left side's weight is not above the right one's (direction 1), or not below it (-1);
** where rows_left[bin] rows, with the extra ones, go left at the cut behind a bin, or NULL for no counts. */
scan_best scan_cuts_bounded(const cut_sums *left, const int64_t *rows_left, gradient_sum extra,
                            const scan_node *node, int direction);

#endif
