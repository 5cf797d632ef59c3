/* The plain way from a row to its leaf: what every faster way must agree with to the bit. */
#ifndef ATHLETE_TREES_MODEL_PREDICT_H
#define ATHLETE_TREES_MODEL_PREDICT_H

#include "trees/model/model.h"

/* The leaf that a row reaches in a tree. A row's margins are, per output, the values of its leaves added to the base margin in
** float32 in the order of the trees. The value of feature f is row[f * stride], NaN where it is missing. */
const tree_node *forest_leaf(const forest *model, size_t tree, const float *row, size_t stride);

#endif
