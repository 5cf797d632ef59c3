/* How often each of the texts that are categories comes in two samples. */
#ifndef ATHLETE_DRIFT_CATEGORY_COUNTS_H
#define ATHLETE_DRIFT_CATEGORY_COUNTS_H

#include "drift/cells.h"

/* All zeros when empty. */
typedef struct category_counts {
    cell_list counts;
    char *bytes; /* of all categories, one behind another */
    size_t n_bytes, bytes_capacity;
    size_t *ends; /* per category, where its bytes end */
    size_t ends_capacity;
    size_t *slots; /* a hash table of category numbers + 1, 0 where it is empty */
    size_t n_slots;
} category_counts;

/* Adds rows of one category. */
athlete_status categories_add(athlete_budget *budget, category_counts *counts, const void *bytes, size_t n,
                              cell rows);
void categories_free(athlete_budget *budget, category_counts *counts);

#endif
