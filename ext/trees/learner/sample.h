/* Random choices that depend on the seed and on what is chosen from, never on the order of rows or on how many numbers
** were drawn before: a hash takes the place of a generator's state. */
#ifndef ATHLETE_TREES_LEARNER_SAMPLE_H
#define ATHLETE_TREES_LEARNER_SAMPLE_H

#include <stdint.h>
#include "base/memory.h"
#include "base/poll.h"
#include "base/status.h"

/* One key per row, from the bits of its values, label and weight (if there are weights) and, among rows that are equal in
** all of them, from a running number. Equal rows are interchangeable, so the keys belong to the rows whatever their
** order. */
athlete_status sample_row_keys(const float *values, const float *labels, const float *weights, size_t n_rows,
                               int n_features, athlete_budget *budget, athlete_poll *poll, uint64_t *keys);

/* Writes the rows drawn in this round, each with the given probability, in ascending order; at least one. */
size_t sample_rows(const uint64_t *keys, size_t n_rows, double fraction, uint64_t seed, uint64_t round,
                   uint32_t *rows);

/* Writes the features drawn in this round, floor(fraction * n) but at least one, in ascending order. `order` has room
** for n. */
int sample_features(int n_features, double fraction, uint64_t seed, uint64_t round, uint64_t *order,
                    int *features);

/* Draws from a list of n features for one node of a tree in the same way: keeps that share of them in place, and returns how
** many. */
int sample_list(int *features, int n, double fraction, uint64_t seed, uint64_t tree, uint64_t node,
                uint64_t *order);

#endif
