/* Whether LightGBM tells values apart that are one float32 here.
**
** Two thresholds of a feature can lie so close together that no float32 is between them: times in seconds since 1970, a large
** number plus a small one. What is between them goes two ways there and one way here. */
#ifndef ATHLETE_TREES_FORMAT_LIGHTGBM_THRESHOLDS_H
#define ATHLETE_TREES_FORMAT_LIGHTGBM_THRESHOLDS_H

#include <stddef.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/status.h"

/* The thresholds seen so far, in a hash table by feature and float32. */
typedef struct threshold_table {
    struct seen_threshold *slots;
    size_t n, n_slots;
} threshold_table;

/* Adds a threshold and what became of it. ATHLETE_INVALID where *other, another threshold of the feature, became the same. */
athlete_status thresholds_add(threshold_table *table, uint32_t feature, double threshold, float rounded,
                              athlete_budget *budget, double *other);
void thresholds_free(threshold_table *table, athlete_budget *budget);

#endif
