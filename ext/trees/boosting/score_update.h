/* What happens to every row between two trees, shared among threads. Every answer is the same for any number of them. */
#ifndef ATHLETE_TREES_BOOSTING_SCORE_UPDATE_H
#define ATHLETE_TREES_BOOSTING_SCORE_UPDATE_H

#include "trees/learner/grow.h"
#include "trees/objective/objective.h"

/* The margins of all rows become what the model with the tree that was grown last would predict, to the bit. The tree has seen
** n_seen rows of n. */
athlete_status score_update_margins(const grower *g, size_t n_seen, size_t n, float *margins);

/* The same from nothing: the margins of n rows of `values` that a model of one output, whose base margin is 0, predicts. */
athlete_status score_update_from_zero(const forest *model, const float *values, int n_features, size_t n,
                                      athlete_pool *pool, float *margins);

/* objective_gradients. */
athlete_status score_update_gradients(const objective *o, const objective_rows *rows, athlete_pool *pool);

/* The sum of n losses, as fixed_point_sum computes it. */
athlete_status score_update_loss(const double *losses, const row_weights *weights, size_t n,
                                 athlete_pool *pool, double *sum);

#endif
