/* What growing a tree works on (grow.h): rules, the nodes so far, and memory that lasts over many trees. */
#ifndef ATHLETE_TREES_LEARNER_GROWER_H
#define ATHLETE_TREES_LEARNER_GROWER_H

#include "trees/learner/split.h"
#include "trees/model/model.h"

typedef struct grow_rules {
    split_rules split;
    int max_depth;        /* 0: no limit */
    size_t max_leaves;    /* 0: no limit */
    bool best_gain_first; /* else level by level */

    double colsample_bynode; /* share of the tree's features that each node may use; 0 is 1 */
    uint64_t seed;           /* of colsample_bynode */

    /* Per feature +1 where predictions must not fall as it rises, -1 where they must not rise; or NULL. */
    const int8_t *monotone;

    /* Sets of features that may meet on a path from root to leaf, each of `interaction_words` words with bit f % 64 of word
    ** f / 64 for feature f; or NULL for no limit. Below a split, the sets that contain all features of the path count. */
    const uint64_t *interactions;
    size_t n_interactions, interaction_words;
} grow_rules;

/* What is known of a node beside what the model keeps. */
typedef struct grown_node {
    uint32_t begin, end; /* its rows are rows[begin] to rows[end - 1] */
    int depth;
    int64_t weight; /* of its rows, in units; their number if they have no weights */
    gradient_sum sum;
    double lower, upper; /* bounds of its weight, set by monotone constraints above; infinite for none */
    node_split split;
    histogram histogram; /* while the node waits to be split, room permitting; else without words */
} grown_node;

/* The grower's memory lasts over many trees. */
typedef struct grower {
    bin_matrix *bins;
    const grow_rules *rules;
    athlete_budget *budget;
    athlete_pool *pool;
    row_gradients gradients; /* that the next tree is fitted to: see gradients_fix */
    histogram_builder builder;
    split_finder finders[2]; /* for two siblings at once */
    const int *tree_features;
    int n_tree_features;
    uint64_t n_trees;            /* grown so far */
    uint64_t trees_of_round;     /* of which the first tell what categories mean; 1 unless it is set */
    category_evidence *evidence; /* per feature of the bins, if some are categorical */
    int *node_features;          /* those a node may use, where nodes differ */
    uint64_t *path, *reachable,
        *feature_order;       /* scratch for choosing them; the first two are sets of features */
    uint32_t *rows, *scratch; /* n_rows of each: the rows in the order of the nodes */
    grown_node *grown;        /* of the tree that was grown last; parallel to `nodes` */
    tree_node *nodes;
    size_t n_nodes, grown_capacity, nodes_capacity;
    int32_t *queue; /* nodes that can be split, a heap */
    size_t n_queued, queue_capacity;
    int64_t **spare; /* words of histograms that no node holds */
    size_t n_spare, n_histograms, spare_capacity;

    /* For score_update_squared.h. With `keeps_histograms`, what was built stays with the nodes until the next tree, and the root's is
    ** kept in `root`; with `has_root`, that is the next root's already. */
    bool keeps_histograms, has_root;
    int64_t *root;
} grower;

#endif
