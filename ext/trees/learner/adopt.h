/* A tree that was not grown here, put where one that was grown would be: its nodes, and the rows of each leaf, ascending. What
** comes after a tree (score_update.h) then does the same for both. */
#ifndef ATHLETE_TREES_LEARNER_ADOPT_H
#define ATHLETE_TREES_LEARNER_ADOPT_H

#include "trees/learner/grow.h"

/* `values` are the rows' features, n_rows x n_features of the model. The tree has seen all rows; no node has a histogram. */
athlete_status grower_adopt(grower *g, const forest *model, size_t tree, const float *values);

/* Whether something that the first trees tell of categories, and later ones rely on, is not known yet. */
bool grower_must_learn(const grower *g);

#endif
