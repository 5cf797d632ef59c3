/* The bins of a categorical feature: one for each category.
**
** A code is a byte, and a feature may have a thousand categories. Such a feature is given to the learner as several columns
** of bins: the first has the most frequent categories, the next those that follow, and what a column has no bin for shares
** its last one. A split parts categories of one column from everything else, so that a tree reaches all of them. */
#ifndef ATHLETE_TREES_BINS_CATEGORY_CUTS_H
#define ATHLETE_TREES_BINS_CATEGORY_CUTS_H

#include <stdbool.h>
#include "trees/bins/cuts.h"

#define ATHLETE_MAX_CATEGORY_COLUMNS                                                                         \
    8 /* of one feature: 2,032 categories, more than most tables can tell anything about */

/* Columns for the categories that have twice `unit` rows (weight) or more: what one row shows can not be told from chance.
** With fewer bins than a byte has room for there is one column: who asks for coarse bins gets them. */
int category_columns(const value_run *runs, size_t n_runs, int max_bin, double unit);

/* Writes the numbers of the runs, those with the most rows first, of equals the lowest. */
void category_order(const value_run *runs, size_t n_runs, uint32_t *order);

/* The bins of a column, from 0, of the feature whose categories are these: bin b is category cuts[b], ascending. Returns how
** many; *shared whether the last of them is what all other categories share, named by the lowest. `scratch` has room for
** max_bin. */
int category_cuts(const value_run *runs, size_t n_runs, const uint32_t *order, int max_bin, int column,
                  float *cuts, float *scratch, bool *shared);

#endif
