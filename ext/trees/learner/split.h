/* The best question to ask at a node: which feature, which cut, and where missing values go.
**
** A split's worth is the fall of the regularised loss, equation 7 of Chen and Guestrin, "XGBoost: A Scalable Tree
** Boosting System", KDD 2016, without the factor 1/2, as XGBoost itself reports it:
**     gain = T(GL)^2 / (HL + lambda) + T(GR)^2 / (HR + lambda) - T(G)^2 / (H + lambda)
** with G and H the sums of gradients and hessians and T soft thresholding by alpha. */
#ifndef ATHLETE_TREES_LEARNER_SPLIT_H
#define ATHLETE_TREES_LEARNER_SPLIT_H

#include <stdbool.h>
#include "base/simd.h"
#include "trees/learner/category_split.h"
#include "trees/learner/histogram.h"

typedef struct split_rules {
    double lambda;           /* L2 penalty on leaf values */
    double alpha;            /* L1 penalty on leaf values */
    double min_gain;         /* gamma: a split must be worth at least this */
    double min_child_weight; /* least sum of hessians in a child */
    int64_t min_child_rows;

    /* Of categorical features (Fisher, JASA 1958; LightGBM's names). With at most max_cat_to_onehot categories in a node one
    ** is parted from the others; with more, they are sorted by gradient / (hessian + cat_smooth), and the first or last of them,
    ** at most max_cat_threshold, are parted from the others with cat_l2 added to lambda; category_split.h has what keeps names from being learned by heart. */
    double cat_smooth, cat_l2;
    int max_cat_to_onehot, max_cat_threshold;
    bool cat_smooth_adapts, cat_l2_adapts; /* to the feature: the caller has not named them */
} split_rules;

typedef struct node_split {
    double gain;      /* 0 if there is no split worth making */
    int feature;      /* of the bins */
    int bin;          /* of a numeric feature: rows in this bin and below go left */
    bool categorical; /* then rows in the bins of `right` go right and all others left */
    bin_set right;
    bool missing_left; /* if some row is missing */
    bool none_missing; /* in the node: a later one is to follow the greater number of rows */
    gradient_sum left;
} node_split;

/* What splits of one tree are chosen with. */
typedef struct split_finder {
    const bin_matrix *bins;
    const row_gradients *gradients;
    const split_rules *rules;
    const int8_t *monotone; /* per feature of the source, see grow_rules; or NULL */
    const int *features;    /* ascending */
    int n_features;
    category_evidence *evidence; /* per feature; that of both finders of a grower */
    bool is_first;               /* in a tree of the first round */
    struct feature_split *found; /* room for one per feature */
} split_finder;

/* A node: its rows, how many they are (of weighted ones, their weight in units), and their sums. */
typedef struct split_node {
    const uint32_t *rows;
    size_t n_rows;
    int64_t weight;
    gradient_sum sum;
    const histogram *histogram;
    double lower, upper; /* bounds of its weight that monotone constraints above have set */
    bool is_root;
} split_node;

/* Whether a row in this bin, not missing, goes left. */
static inline bool split_bin_left(const node_split *split, int bin) {
    return split->categorical ? !bin_set_has(&split->right, bin) : bin <= split->bin;
}

/* 1, -1 or 0, from the list of the source's features; none if there is no list. */
static inline int split_direction(const bin_matrix *bins, const int8_t *monotone, int feature) {
    return monotone ? monotone[bins->source_feature[feature]] : 0;
}

size_t split_found_bytes(void);

/* -T(G) / (H + lambda); 0 where H is 0. */
double node_weight(gradient_sum sum, const gradient_scale *scale, const split_rules *rules);

/* The best split of a node. Of equal gains the lowest feature, then the lowest cut, then missing values to the right win.
**
** The least number of rows in a child is kept exactly. Where slots hold hessians and no counts, a sum of hessians divided by the
** smallest hessian of any row bounds the rows from above and divided by the largest from below; only if both bounds leave it
** open for the best split are that feature's rows counted. */
node_split split_find(const split_finder *finder, const split_node *node);

#endif
