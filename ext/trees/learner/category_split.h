/* The best question about a categorical feature: which set of categories to part from the others.
**
** With few categories each alone is tried. With more they are sorted by gradient / (hessian + smoothing), after which the best of
** all sets is a prefix of that order (Fisher, "On grouping for maximum homogeneity", JASA 1958; LightGBM's names and
** defaults), up to the smoothing, which keeps rare categories from the ends. Both ends are tried, up to a greatest number
** of categories. */
#ifndef ATHLETE_TREES_LEARNER_CATEGORY_SPLIT_H
#define ATHLETE_TREES_LEARNER_CATEGORY_SPLIT_H

#include <stdbool.h>
#include "trees/learner/scan.h"

typedef struct category_rules {
    double smooth, extra_lambda; /* in units of hessians */
    int max_to_onehot, max_threshold;
} category_rules;

/* A feature's bins in a node. */
typedef struct category_bins {
    const histogram *histogram;
    size_t slot;
    int n_bins, n_choices,
        shift;           /* only the first n_choices bins may be chosen: rare categories share the last */
    const int64_t *rows; /* per bin, and of what is missing in rows[n_bins]; or NULL: not counted */
} category_bins;

/* Bits of bins. */
typedef struct bin_set {
    uint64_t word[4];
} bin_set;

static inline bool bin_set_has(const bin_set *set, int bin) {
    return set->word[bin / 64] >> bin % 64 & 1;
}

typedef struct category_best {
    double score; /* as scan_cut's */
    bin_set right;
    bool missing_left;
} category_best;

category_best category_split(const category_bins *bins, const scan_node *node, const category_rules *rules);

#endif
