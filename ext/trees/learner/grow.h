/* One regression tree, grown split by split from histograms.
**
** The order of growth is either level by level ("depthwise") or best gain first ("lossguide", Shi 2007, as LightGBM
** grows). Only the smaller of two children has its histogram summed from rows; the other's is the parent's minus
** it. Nodes that will not be split any more get none. */
#ifndef ATHLETE_TREES_LEARNER_GROW_H
#define ATHLETE_TREES_LEARNER_GROW_H

#include "trees/learner/grower.h"

/* weights may be NULL. */
athlete_status grower_begin(grower *g, bin_matrix *bins, const row_weights *weights, const grow_rules *rules,
                            athlete_budget *budget, athlete_pool *pool);
void grower_end(grower *g);

/* From now on histograms are kept. ATHLETE_NOMEM leaves it as it was. */
athlete_status grower_keep_histograms(grower *g);

/* What the next tree is fitted to: gradient and hessian per row of the training set, before weights. */
athlete_status grower_fit(grower *g, const double *gradients, const double *hessians);

/* The best value of a node within its bounds. */
double grower_weight(const grower *g, size_t id);

/* There is no tree any more; its histograms may be used again. */
void grower_forget(grower *g);

/* Grows a tree on the first n_rows of g->rows (ascending), choosing among `features`, into g->nodes and g->grown. A node's
** `value` is a split's threshold; of a leaf it is left to the caller, who finds the leaf's best value in `weight`. */
athlete_status grow_tree(grower *g, size_t n_rows, const int *features, int n_features);

/* The leaf that a row of the training set falls in. */
size_t grower_leaf(const grower *g, size_t row);

#endif
