/* The one allocator: overflow-checked, counted against an optional limit, no SQLite in sight.
**
** A budget belongs to one call. Every block taken under it counts until it is given back under it; a block
** that would pass the limit is refused and the refused size kept for the error message. A NULL budget
** counts nothing. All memory is SQLite's (sqlite3_malloc64), so a host's heap limits and leak counters see it. */
#ifndef ATHLETE_BASE_MEMORY_H
#define ATHLETE_BASE_MEMORY_H

#include <stddef.h>
#include "base/status.h"

typedef struct athlete_budget {
    size_t limit;   /* bytes; 0 means no limit */
    size_t used;    /* bytes taken and not given back */
    size_t refused; /* size of the request that would have passed the limit; 0 if none */
} athlete_budget;

#define ATHLETE_BUDGET_DEFAULT ((size_t)4 << 30) /* 4 GiB, where size_t can say so */

/* count * size bytes, uninitialised or zeroed. NULL when the product overflows, passes the limit or memory is short. */
void *memory_alloc(athlete_budget *budget, size_t count, size_t size);
void *memory_zeroed(athlete_budget *budget, size_t count, size_t size);

/* Makes room for `needed` elements in the array at *array (of any type, NULL at first), which has room for *capacity,
** growing by half or more. On failure both are as they were. */
#define memory_reserve(budget, array, capacity, needed)                                                      \
    memory_room(budget, array, capacity, needed, sizeof **(array))

/* What it stands for; `array` is the address of a pointer to elements of `size` bytes. Where there is room, which is nearly always,
** nothing is called. */
athlete_status memory_grow(athlete_budget *budget, void *array, size_t *capacity, size_t needed, size_t size);
static inline athlete_status memory_room(athlete_budget *budget, void *array, size_t *capacity, size_t needed,
                                         size_t size) {
    return needed <= *capacity ? ATHLETE_OK : memory_grow(budget, array, capacity, needed, size);
}

void memory_free(athlete_budget *budget, void *block);

/* Why the last request under this budget came back empty. */
athlete_status memory_status(const athlete_budget *budget);

#endif
