/* Rounds of boosting, each of equally many trees one after another: one for each output, or several (random forests). */
#ifndef ATHLETE_TREES_MODEL_ROUNDS_H
#define ATHLETE_TREES_MODEL_ROUNDS_H

#include "trees/model/model.h"

/* Trees `first` to `end` - 1. */
typedef struct tree_span {
    size_t first, end;
} tree_span;

static inline tree_span forest_all(const forest *model) {
    return (tree_span){0, model->n_trees};
}

/* The trees of rounds `begin` to `end` - 1, where an end of 0 is after the last round: XGBoost's iteration_range.
** ATHLETE_INVALID fills the fault. */
athlete_status forest_rounds(const forest *model, size_t begin, size_t end, tree_span *span,
                             athlete_fault *fault);

#endif
