#ifndef ATHLETE_TREES_FORMAT_LIGHTGBM_READ_TREE_H
#define ATHLETE_TREES_FORMAT_LIGHTGBM_READ_TREE_H

#include "trees/format/category_order.h"
#include "trees/format/lightgbm_lines.h"

/* Adds the tree of the section that was just read to the forest. Leaves are multiplied by `scale`; `order` has the
** renumbering of each feature's categories, or is NULL. */
bool lightgbm_read_tree(lightgbm_reader *r, int output, double scale, const renumbering *order);

#endif
