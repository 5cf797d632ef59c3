#include "trees/model/rounds.h"

athlete_status forest_rounds(const forest *model, size_t begin, size_t end, tree_span *span,
                             athlete_fault *fault) {
    size_t per_round = model->round_trees, rounds = per_round > 0 ? model->n_trees / per_round : 0;
    if (per_round == 0 || rounds * per_round != model->n_trees)
        return fault_refuse(fault, "option \"iteration_range\" needs rounds of equally many trees, and the "
                                   "model's are not");
    if (end == 0) end = rounds;
    if (end > rounds)
        return fault_refuse(fault, "option \"iteration_range\" ends at %zu, the model has %zu rounds", end,
                            rounds);
    if (begin > end)
        return fault_refuse(fault, "option \"iteration_range\" begins at %zu, after its end, %zu", begin,
                            end);
    *span = (tree_span){begin * per_round, end * per_round};
    return ATHLETE_OK;
}
