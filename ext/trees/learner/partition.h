/* Dividing a node's rows between its children. */
#ifndef ATHLETE_TREES_LEARNER_PARTITION_H
#define ATHLETE_TREES_LEARNER_PARTITION_H

#include "trees/bins/bins.h"

/* Which codes of a column go left: 1 or 0 each. */
typedef struct side_table {
    uint8_t left[256];
} side_table;

/* Puts those of the n rows that go left first, each side in the order it had, which is ascending and so the order of memory.
** `scratch` has room for n more. *n_left is how many. */
athlete_status partition_rows(const uint8_t *column, const side_table *side, uint32_t *rows,
                              uint32_t *scratch, size_t n, athlete_pool *pool, size_t *n_left);

#endif
