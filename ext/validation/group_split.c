#include "validation/group_split.h"

#include "base/numbers/random.h"
#include "statistics/category.h"

/* Replaces each group's number of rows by its fold. `filled` has room for a number per fold. */
static athlete_status fill_folds(size_t *of_group, size_t n_groups, size_t n_splits, size_t *filled,
                                 athlete_poll *poll) {
    for (size_t f = 0; f < n_splits; f++) filled[f] = 0;
    for (size_t g = 0; g < n_groups; g++) {
        size_t least = 0;
        for (size_t f = 1; f < n_splits; f++) least = filled[f] < filled[least] ? f : least;
        filled[least] += of_group[g];
        of_group[g] = least;
        if (poll_due(poll, n_splits)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

/* The codes of the groups are in fold_of; n_groups is at least n_splits. */
static athlete_status give_folds(size_t n_rows, size_t n_groups, size_t n_splits, athlete_budget *budget,
                                 athlete_poll *poll, uint32_t *fold_of) {
    size_t *of_group = memory_zeroed(budget, n_groups + n_splits, sizeof *of_group);
    if (!of_group) return memory_status(budget);
    for (size_t i = 0; i < n_rows; i++) of_group[fold_of[i]]++;
    athlete_status status = fill_folds(of_group, n_groups, n_splits, of_group + n_groups, poll);
    for (size_t i = 0; i < n_rows; i++) fold_of[i] = (uint32_t)of_group[fold_of[i]];
    memory_free(budget, of_group);
    return status;
}

athlete_status group_split_build(const uint64_t *groups, size_t n_rows, size_t n_splits, uint64_t seed,
                                 athlete_budget *budget, athlete_poll *poll, uint32_t *fold_of,
                                 athlete_fault *fault) {
    size_t n_groups = 0;
    uint64_t *keys = memory_alloc(budget, n_rows ? n_rows : 1, sizeof *keys);
    if (!keys) return memory_status(budget);
    for (size_t i = 0; i < n_rows; i++) keys[i] = random_mix(groups[i] + random_mix(seed));
    athlete_status status = category_ranks(keys, n_rows, budget, poll, fold_of, &n_groups);
    memory_free(budget, keys);
    if (status != ATHLETE_OK) return status;
    if (n_groups < n_splits)
        return fault_refuse(fault, "%zu splits need at least as many groups, there are %zu", n_splits,
                            n_groups);
    return give_folds(n_rows, n_groups, n_splits, budget, poll, fold_of);
}
