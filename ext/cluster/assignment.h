/* The cheapest way to give each of n rows a column of its own. */
#ifndef ATHLETE_CLUSTER_ASSIGNMENT_H
#define ATHLETE_CLUSTER_ASSIGNMENT_H

#include <stddef.h>
#include "base/memory.h"
#include "base/poll.h"

/* cost[row * columns + column], finite, with rows <= columns; column_of[row] is the answer. O(rows^2 * columns): Kuhn 1955,
** Nav. Res. Logist. Q. 2:83, by shortest paths (Jonker & Volgenant 1987, Computing 38:325). */
athlete_status assign_columns(const double *cost, size_t rows, size_t columns, athlete_budget *budget,
                              athlete_poll *poll, size_t *column_of);

#endif
