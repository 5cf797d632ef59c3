/* Which of a tree's features a node may be split by: those that interactions leave it, and of them the share that is drawn for it. */
#ifndef ATHLETE_TREES_LEARNER_NODE_FEATURES_H
#define ATHLETE_TREES_LEARNER_NODE_FEATURES_H

#include "trees/learner/grower.h"

/* Whether these rules can give two nodes of a tree different features. */
bool node_features_differ(const grow_rules *rules);

/* Room in the grower for what is chosen, if nodes differ; grower_end frees it. */
athlete_status node_features_begin(grower *g);

/* Lets the finder search the features of node `id`. Where nodes differ, only until the next node's are chosen. */
void node_features_choose(grower *g, size_t id, split_finder *finder);

#endif
