/* The best question about a categorical feature: which set of categories to part from the others.
**
** With few categories each alone is tried. With more they are sorted by gradient / (hessian + smoothing), after which the best of
** all sets is a prefix of that order (Fisher, "On grouping for maximum homogeneity", JASA 1958; LightGBM's names and
** defaults), up to the smoothing, which keeps rare categories from the ends. Both ends are tried, up to a greatest number
** of categories.
**
** A set that is chosen because its categories' sums are the largest has a gain even where categories mean nothing: of k names drawn
** by lot, the squares of their sums over their hessians add up to about (k - 1) times the variance of a gradient per hessian. So
** that much, and a standard error more, is what chance explains of the squares that are there, and a split is credited with the
** share of its gain that is left: James and Stein's shrinkage (Fourth Berkeley Symposium, 1961) with a variance that is estimated,
** as the adjusted R^2 has it. The first tree sees how much of a feature is signal before any of it is learned; of what
** that has shown, half is taken off what chance explains later, when names that are learned already would hide those that
** are not. And a category with few rows in a node is in no set: fewer than the smoothing (LightGBM's rule), or than
** two thirds of the mean over the feature's categories where those are small themselves. Unless the caller has named the smoothing,
** categories that have no such rows in all are asked for less: for so many that the mean of their rows tells more of them than of
** chance. Frequent ones are not, since what a deep node has left of them is mostly chance.
**
** The smoothing and the penalty are meant for hundreds of categories. A feature of k has k - 1 degrees of freedom, and a numeric
** one, that nothing of the kind keeps from being learned by heart, as many as it has cuts; so unless the caller has named them,
** a feature of up to 64 has (k - 1) / 64 of both. */
#ifndef ATHLETE_TREES_LEARNER_CATEGORY_SPLIT_H
#define ATHLETE_TREES_LEARNER_CATEGORY_SPLIT_H

#include <stdbool.h>
#include "trees/learner/scan.h"

typedef struct category_rules {
    double smooth, extra_lambda; /* in units of hessians */
    int max_to_onehot, max_threshold;
    double least_rows; /* of a category in a sorted set, in units of weight */
    bool judges_rows;  /* fewer, where they tell of the category */
} category_rules;

/* Bits of bins. */
typedef struct bin_set {
    uint64_t word[4];
} bin_set;

static inline bool bin_set_has(const bin_set *set, int bin) {
    return set->word[bin / 64] >> bin % 64 & 1;
}

/* What the first tree that a feature is used in has shown of it, at its root. */
typedef struct category_evidence {
    double signal;          /* share of the squares that chance does not explain */
    double mean_rows;       /* of a category, in units of weight; 0 before that tree */
    double telling_hessian; /* with which a category's mean is half effect and half chance, or infinite */
    bin_set rare;           /* those with fewer rows in all than a set asks for */
} category_evidence;

/* A feature's bins in a node. */
typedef struct category_bins {
    const histogram *histogram;
    size_t slot;
    int n_bins, n_choices,
        shift; /* only the first n_choices bins may be chosen: rare categories share the last */
    double one_row, one_hessian; /* in units of weight and of hessians */
    double noise;                /* variance of a sum of gradients for each unit of its hessian */
    const int64_t *rows;         /* per bin, and of what is missing in rows[n_bins]; or NULL: not counted */
} category_bins;

typedef struct category_best {
    double score; /* as scan_cut's */
    bin_set right;
    bool missing_left;
} category_best;

category_best category_split(const category_bins *bins, const scan_node *node, const category_rules *rules,
                             const category_evidence *evidence);

/* Adds what a root shows. */
void category_learn(const category_bins *bins, const scan_node *node, const category_rules *rules,
                    category_evidence *evidence);

#endif
