#include "trees/format/lightgbm_thresholds.h"

#include <stdbool.h>
#include <string.h>

typedef struct seen_threshold {
    double threshold;
    float rounded;
    uint32_t feature;
    bool used;
} seen_threshold;

/* The slot of this feature and float32, or the empty one where they belong. */
static seen_threshold *threshold_slot(const threshold_table *table, uint32_t feature, float rounded) {
    uint32_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    uint64_t hash = ((uint64_t)feature << 32 | bits) * 0x9e3779b97f4a7c15u;
    size_t at = (size_t)(hash >> 20) & (table->n_slots - 1);
    while (table->slots[at].used &&
           !(table->slots[at].feature == feature && table->slots[at].rounded == rounded))
        at = (at + 1) & (table->n_slots - 1);
    return &table->slots[at];
}

static athlete_status thresholds_widen(threshold_table *table, athlete_budget *budget) {
    if (2 * (table->n + 1) <= table->n_slots) return ATHLETE_OK;
    threshold_table wider = {.n = table->n, .n_slots = table->n_slots ? 2 * table->n_slots : 64};
    wider.slots = memory_zeroed(budget, wider.n_slots, sizeof *wider.slots);
    if (!wider.slots) return memory_status(budget);
    for (size_t i = 0; i < table->n_slots; i++) {
        const seen_threshold *seen = &table->slots[i];
        if (seen->used) *threshold_slot(&wider, seen->feature, seen->rounded) = *seen;
    }
    thresholds_free(table, budget);
    *table = wider;
    return ATHLETE_OK;
}

athlete_status thresholds_add(threshold_table *table, uint32_t feature, double threshold, float rounded,
                              athlete_budget *budget, double *other) {
    athlete_status status = thresholds_widen(table, budget);
    if (status != ATHLETE_OK) return status;
    seen_threshold *slot = threshold_slot(table, feature, rounded);
    if (!slot->used) {
        *slot = (seen_threshold){threshold, rounded, feature, true};
        table->n++;
    }
    *other = slot->threshold;
    return slot->threshold == threshold ? ATHLETE_OK : ATHLETE_INVALID;
}

void thresholds_free(threshold_table *table, athlete_budget *budget) {
    memory_free(budget, table->slots);
    *table = (threshold_table){.n = 0};
}
