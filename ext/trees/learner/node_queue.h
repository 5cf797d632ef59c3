/* The nodes of a growing tree that wait to be split. */
#ifndef ATHLETE_TREES_LEARNER_NODE_QUEUE_H
#define ATHLETE_TREES_LEARNER_NODE_QUEUE_H

#include "trees/learner/grower.h"

/* The node's split must be known. */
athlete_status node_queue_add(grower *g, size_t id);

/* The next by the rules' order: of the best gain, the lowest id of equal ones; or of the lowest id, which is level by level, since ids
** are given out in the order of splitting. There must be one. */
size_t node_queue_take(grower *g);

#endif
