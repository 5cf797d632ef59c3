#include "validation/labelled_scores.h"

#include <math.h>
#include <stdint.h>
#include "base/numbers/exact_sum.h"
#include "base/precondition.h"
#include "statistics/number_sort.h"

athlete_status labelled_add(labelled_scores *all, double score, bool is_positive, athlete_budget *budget) {
    size_t *n = &all->n[is_positive];
    if (*n >= (size_t)1 << 30) return ATHLETE_OVER_LIMIT;
    athlete_status status =
        memory_reserve(budget, &all->scores[is_positive], &all->capacity[is_positive], *n + 1);
    if (status == ATHLETE_OK) all->scores[is_positive][(*n)++] = score + 0.0; /* no -0 */
    return status;
}

athlete_status labelled_sort(labelled_scores *all, athlete_budget *budget, athlete_poll *poll) {
    athlete_status status = number_sort(budget, poll, all->scores[0], all->n[0]);
    return status == ATHLETE_OK ? number_sort(budget, poll, all->scores[1], all->n[1]) : status;
}

void labelled_free(labelled_scores *all, athlete_budget *budget) {
    memory_free(budget, all->scores[0]);
    memory_free(budget, all->scores[1]);
    *all = (labelled_scores){.n = {0, 0}};
}

bool labelled_next(labelled_walk *walk) {
    const labelled_scores *all = walk->all;
    bool left[2] = {walk->at[0] < all->n[0], walk->at[1] < all->n[1]};
    if (!left[0] && !left[1]) return false;
    double next[2] = {left[0] ? all->scores[0][walk->at[0]] : HUGE_VAL,
                      left[1] ? all->scores[1][walk->at[1]] : HUGE_VAL};
    walk->score = next[0] < next[1] ? next[0] : next[1];
    for (int label = 0; label < 2; label++) {
        size_t start = walk->at[label];
        while (walk->at[label] < all->n[label] && all->scores[label][walk->at[label]] == walk->score)
            walk->at[label]++;
        walk->n[label] = walk->at[label] - start;
    }
    return true;
}

double roc_area(const labelled_scores *all) {
    if (all->n[0] == 0 || all->n[1] == 0) return NAN;
    labelled_walk walk = {.all = all};
    uint64_t twice = 0; /* the pairs that are in order count 2, ties 1; below 2^61 */
    while (labelled_next(&walk)) twice += (uint64_t)walk.n[1] * (2 * (walk.at[0] - walk.n[0]) + walk.n[0]);
    return (double)twice / (2.0 * (double)((uint64_t)all->n[0] * all->n[1]));
}

/* --- calibration error ---------------------------------------------------------------------------------- */

/* The score at position i of all in order: the merge of the two lists is walked, upwards from call to call. */
typedef struct rank_walk {
    const labelled_scores *all;
    size_t at[2];
} rank_walk;

static double score_of_rank(rank_walk *walk, size_t rank) {
    const labelled_scores *all = walk->all;
    for (;;) {
        bool second = walk->at[0] >= all->n[0] ||
                      (walk->at[1] < all->n[1] && all->scores[1][walk->at[1]] < all->scores[0][walk->at[0]]);
        if (walk->at[0] + walk->at[1] == rank) return all->scores[second][walk->at[second]];
        walk->at[second]++;
    }
}

/* The inner edges, numpy's: i times the width, or its percentile, which interpolates from the nearer end. */
static void find_edges(const labelled_scores *all, size_t bins, bool equal_counts, double *edges) {
    size_t n = all->n[0] + all->n[1];
    rank_walk walk = {.all = all}, ahead = {.all = all};
    for (size_t i = 1; i < bins; i++) {
        edges[i - 1] = (double)i * (1.0 / (double)bins);
        if (!equal_counts) continue;
        double place = (double)(n - 1) * edges[i - 1];
        size_t below = (size_t)place;
        double share = place - (double)below, low = score_of_rank(&walk, below);
        double high = below + 1 < n ? score_of_rank(&ahead, below + 1) : low;
        edges[i - 1] = share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
    }
}

/* Adds the scores of a label up to the edge; returns how many there are. */
static size_t add_bin(const double *scores, size_t n, size_t *at, double edge, exact_sum *sum) {
    size_t start = *at;
    for (; *at < n && scores[*at] <= edge; ++*at) exact_sum_add(sum, scores[*at]);
    return *at - start;
}

athlete_status calibration_error(const labelled_scores *all, size_t bins, bool equal_counts,
                                 athlete_budget *budget, athlete_poll *poll, double *error) {
    assert(bins > 0);
    size_t n = all->n[0] + all->n[1], at[2] = {0, 0};
    *error = NAN;
    if (n == 0) return ATHLETE_OK;
    double *edges = memory_alloc(budget, bins, sizeof *edges);
    if (!edges) return memory_status(budget);
    find_edges(all, bins, equal_counts, edges);
    edges[bins - 1] = HUGE_VAL;
    exact_sum total = {{0}, 0, 0, 0};
    athlete_status status = poll_due(poll, 5 * n) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
    for (size_t b = 0; b < bins && status == ATHLETE_OK; b++) {
        exact_sum distance = {{0}, 0, 0, 0};
        size_t in_bin = 0;
        for (int label = 0; label < 2; label++) {
            size_t found = add_bin(all->scores[label], all->n[label], &at[label], edges[b], &distance);
            if (label == 1) exact_sum_add_integer(&distance, (int64_t)found, true);
            in_bin += found;
        }
        exact_sum_add(&total, fabs(exact_sum_value(&distance)));
        if (poll_due(poll, 10 * in_bin + 300)) status = ATHLETE_INTERRUPTED;
    }
    *error = exact_sum_mean(&total, (uint32_t)n);
    memory_free(budget, edges);
    return status;
}
