/* Trees as compact nodes that are walked without branches.
**
** A step from node to node is an addition: children lie side by side, so the next node is the left child plus the
** outcome of the comparison, and a leaf's step leads to itself. No step is guessed, and so eight walks at a time, over
** eight trees or over eight rows, hide each other's latency where a plain loop would wait for a misprediction per tree.
** Splits by category are not expressed here, nor trees of more nodes than a step can pass over. */
#ifndef ATHLETE_TREES_MODEL_WALK_H
#define ATHLETE_TREES_MODEL_WALK_H

#include "trees/model/model.h"

typedef struct walk_node {
    float value;    /* of a split its threshold, of a leaf its value */
    uint16_t input; /* twice the split's feature, plus 1 if missing values go left */
    uint16_t step;  /* to the left child; 0 in a leaf */
} walk_node; /* a leaf compares a feature beyond the last, which is always missing and goes left, to itself */

#define WALK_MAX_FEATURES 32767
#define WALK_LANES        8

/* Writes the nodes of a tree that can be reached from its root, at most as many as it has, and returns how many; 0 if
** it cannot be expressed. `queue` has room for as many numbers as the tree has nodes. */
size_t walk_build(const forest *model, size_t tree, int32_t *queue, walk_node *nodes);

/* The inputs of walk_trees: each feature twice, with a missing value as more, then as less, than every threshold. They
** are 2 n_features + 2. */
void walk_inputs(const float *row, int n_features, float *inputs);

/* The leaf values that one row reaches in `n` <= WALK_LANES trees. */
void walk_trees(const walk_node *const roots[WALK_LANES], size_t n, const float *inputs, float *values);

/* Adds to sums[r] the leaf value that row r < WALK_LANES reaches; its value of feature f is columns[f * stride + r], and
** that of feature n_features must be NaN. Returns how many steps were taken. */
size_t walk_rows(const walk_node *root, const float *columns, size_t stride, float *sums);

#endif
