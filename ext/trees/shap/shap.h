/* SHAP values of a forest: exact Shapley values of the path-dependent game (Lundberg et al. 2020, Nature Machine
** Intelligence 2:56-67, algorithm 2), in O(nodes x points) per row instead of O(leaves x depth^2).
**
** The game. A coalition is a set of features whose values are known. A row walks down a tree; where the feature asked is
** known it follows its own value, where not it goes both ways, by the shares of the training data (cover) that did.
** A coalition's worth is the mean leaf it comes to.
**
** The integral. Let every feature be known with probability t, independently. The expected worth F is a polynomial,
** linear in each feature's own probability, and a feature's Shapley value is the derivative of F by that probability,
** integrated over t from 0 to 1 (Owen 1972, Management Science 18:64-79). On a path of d different features the
** derivative has degree d - 1, so ceil(d / 2) Gauss-Legendre points give the integral exactly.
**
** One node at one t. Of the rows that come to a node, in the sense above, let k be the probability that the node's
** feature is known: t where the path asks for it the first time. With z the share of the left side and o = 1 if the
** row's own value goes left, else 0, the walk goes left with probability
**
**     f = (1 - k) z + k o = z + k s,    s = o - z,
**
** so the node is reached with D_left = D f and D_right = D - D_left, and its worth is P = P_right + f (P_left - P_right). If the
** path asked before, the walk has come here either by the row's own value or by chance. Where the row itself would have
** gone another way, its value is not known or the walk would not be here: k = 0. Otherwise, by Bayes' rule, with Z the
** product of the feature's earlier shares on the path,
**
**     q = Z (1 - t) + t,    k = t / q,    df/dt = s e,    e = Z / q^2.
**
** Those depend on node and t alone and are tables. A row costs one walk down for D and one up for P per point, and
** a node adds s (sum over the points of D e (P_left - P_right)) to its feature. Nothing is divided and nothing cancels:
** P is a mean of leaves and D a probability, also where a cover is 0.
**
** Rows share the vector: a lane is a row, lanes never mix, and every lane does the same additions in the same order
** whatever the vector, so all processors give the same bits, and a row the same contributions in any company. */
#ifndef ATHLETE_TREES_SHAP_SHAP_H
#define ATHLETE_TREES_SHAP_SHAP_H

#include "base/simd.h"
#include "trees/model/rounds.h"

#define SHAP_MAX_POINTS 128 /* exact for up to 256 different features on one path */
#define SHAP_BLOCK_ROWS 64  /* rows whose scratch and results stay in the cache together */

/* How many rows to work on at once when each has so many numbers: at most SHAP_BLOCK_ROWS, fewer if their numbers would fill more
** than 8 MB, at least one. */
static inline size_t shap_block_rows(size_t numbers_per_row) {
    size_t n = ((size_t)8 << 20) / sizeof(double) / numbers_per_row;
    return n < 1 ? 1 : n > SHAP_BLOCK_ROWS ? SHAP_BLOCK_ROWS : n;
}

/* A split of a tree. Splits come before those below them; after them the leaves are numbered. */
typedef struct shap_split {
    uint32_t feature;
    uint32_t set;     /* of a categorical split (model.h) */
    double threshold; /* of a numeric one */
    bool categorical, missing_left;
    bool seen_left;       /* the path leaves `seen` to its left */
    int32_t seen;         /* the last split above that asks for the same feature; -1 if there is none */
    int32_t parent;       /* -1 at the root */
    int32_t left, right;  /* splits, or the number of splits plus that of a leaf */
    double left_share;    /* z */
    double earlier_share; /* Z; 1 where the path asks for the first time */
    size_t table; /* known[table + p] and slope[table + p] are k and e at point p of the tree's rule */
} shap_split;

typedef struct shap_tree {
    size_t first_split, first_leaf;
    int32_t n_splits, n_leaves; /* one more leaf than splits */
    uint32_t output;
    int n_points;
    size_t rule; /* weights[rule + p] is that of point p, known[rule + p] the point itself */
} shap_tree;

typedef struct shap_forest {
    const forest *model;
    simd_level level;
    athlete_budget *budget;
    tree_span span;   /* the trees that are explained */
    shap_tree *trees; /* tree t is trees[t] */
    shap_split *splits;
    double *leaves;
    double *known, *slope; /* the tables; they begin with those of a first question, for every rule in use */
    double *weights;       /* of the points, in the places of a first question */
    double *base;          /* per output, the base margin plus the mean of the trees by cover */
    size_t n_splits, n_leaves, n_table;
    int32_t most_splits; /* of one tree */
} shap_forest;

#define SHAP_TOO_MANY "a path of the model asks for more than %d different features"

/* Prepares the given trees of a forest, which must outlive it. ATHLETE_INVALID if a path asks for more than 2 * SHAP_MAX_POINTS different
** features; free with shap_forest_free also after a failure. */
athlete_status shap_prepare(const forest *model, tree_span span, athlete_budget *budget, athlete_poll *poll,
                            shap_forest *explainer);
void shap_forest_free(shap_forest *explainer);

/* `rows` is n x n_features, NaN where a value is missing. contributions is n x n_outputs x (n_features + 1), the base
** value last. A row's contributions and base value sum to its margin in double precision; a score adds the same
** leaves in float32 and may differ by n_trees x 2^-24 of the sum of their sizes.
** n is at most SHAP_BLOCK_ROWS. */
athlete_status shap_contributions(const shap_forest *explainer, const float *rows, size_t n,
                                  double *contributions, athlete_poll *poll);

/* Shapley interaction values (Lundberg et al., equations 5 to 7): interactions is n x n_outputs x (n_features + 1) x
** (n_features + 1), symmetric. What feature i and j do together is halved between (i, j) and (j, i), what i does alone is in
** (i, i), so that a feature's row sums to its contribution; the base value is the last element. */
athlete_status shap_interactions(const shap_forest *explainer, const float *rows, size_t n,
                                 double *interactions, athlete_poll *poll);

#endif
