/* Cross-validation on groups never seen: no athlete is trained on and tested on in one fold. */
#ifndef ATHLETE_VALIDATION_GROUP_SPLIT_H
#define ATHLETE_VALIDATION_GROUP_SPLIT_H

#include <stdint.h>
#include "base/fault.h"
#include "base/memory.h"
#include "base/poll.h"

/* The fold that each row is tested in, by the key of its group. Groups come in an order that the seed draws, each to the fold that has
** the fewest rows, so that two folds differ by no more rows than the largest group has. The order of rows changes nothing.
** ATHLETE_INVALID with a sentence if there are fewer groups than folds. */
athlete_status group_split_build(const uint64_t *groups, size_t n_rows, size_t n_splits, uint64_t seed,
                                 athlete_budget *budget, athlete_poll *poll, uint32_t *fold_of,
                                 athlete_fault *fault);

#endif
