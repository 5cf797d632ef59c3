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

/* Whether training can go on from a model: it has rounds of one tree for each output in their order, and nothing to start from but
** them. */
bool forest_can_go_on(const forest *previous);

/* The trees of rounds `begin` to `end` - 1, where an end of 0 is after the last round: XGBoost's iteration_range.
** ATHLETE_INVALID fills the fault. */
athlete_status forest_rounds(const forest *model, size_t begin, size_t end, tree_span *span,
                             athlete_fault *fault);

/* The trees of a span as a model of their own, on loan from `model` but for tree_end, which is `ends`: room for as many. */
forest forest_slice(const forest *model, tree_span span, size_t *ends);

#endif
