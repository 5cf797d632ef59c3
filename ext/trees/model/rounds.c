#include "trees/model/rounds.h"

athlete_status forest_rounds(const forest *model, size_t begin, size_t end, tree_span *span,
                             athlete_fault *fault) {
    size_t per_round = model->round_trees, rounds = per_round > 0 ? model->n_trees / per_round : 0;
    if (per_round == 0 || rounds * per_round != model->n_trees)
        return fault_refuse(fault, "iteration_range needs rounds of equally many trees, and the "
                                   "model's are not");
    if (end == 0) end = rounds;
    if (end > rounds)
        return fault_refuse(fault, "iteration_range ends at %zu, the model has %zu rounds", end, rounds);
    if (begin > end)
        return fault_refuse(fault, "iteration_range begins at %zu, after its end, %zu", begin, end);
    *span = (tree_span){begin * per_round, end * per_round};
    return ATHLETE_OK;
}

bool forest_can_go_on(const forest *previous) {
    size_t n_outputs = (size_t)previous->n_outputs;
    bool good =
        previous->n_trees > 0 && previous->round_trees == n_outputs && previous->n_trees % n_outputs == 0;
    for (size_t t = 0; good && t < previous->n_trees; t++) good = previous->tree_output[t] == t % n_outputs;
    return good && !forest_has_base(previous);
}

forest forest_slice(const forest *model, tree_span span, size_t *ends) {
    forest slice = *model;
    size_t start = forest_tree_start(model, span.first);
    for (size_t t = span.first; t < span.end; t++) ends[t - span.first] = model->tree_end[t] - start;
    slice.n_trees = span.end - span.first;
    slice.tree_end = ends;
    slice.tree_output += span.first;
    slice.nodes += start;
    slice.n_nodes = slice.n_trees > 0 ? ends[slice.n_trees - 1] : 0;
    return slice;
}
