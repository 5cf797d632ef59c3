/* The plain way from a row to its leaf: what every faster way must agree with to the bit. */
#ifndef ATHLETE_TREES_MODEL_PREDICT_H
#define ATHLETE_TREES_MODEL_PREDICT_H

#include "trees/model/model.h"

/* The leaf that a row reaches in a tree. The value of feature f is row[f * stride], NaN where it is missing. */
const tree_node *forest_leaf(const forest *model, size_t tree, const float *row, size_t stride);

#endif
