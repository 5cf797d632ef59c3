#include "drift/category_counts.h"

#include <string.h>
#include "base/text/text_hash.h"

static size_t start_of(const category_counts *c, size_t category) {
    return category ? c->ends[category - 1] : 0;
}

/* The slot that holds the category, or the empty one where it belongs. */
static size_t counted_slot(const category_counts *c, const char *bytes, size_t n) {
    uint64_t hash = text_hash(bytes, n);
    size_t at = (size_t)(hash ^ hash >> 32) & (c->n_slots - 1);
    for (; c->slots[at]; at = (at + 1) & (c->n_slots - 1)) {
        size_t start = start_of(c, c->slots[at] - 1), length = c->ends[c->slots[at] - 1] - start;
        if (length == n && (n == 0 || memcmp(c->bytes + start, bytes, n) == 0)) break;
    }
    return at;
}

/* Keeps half of the slots empty. */
static athlete_status make_slots(athlete_budget *budget, category_counts *c) {
    if (2 * (c->counts.n + 1) <= c->n_slots) return ATHLETE_OK;
    size_t n = c->n_slots ? 2 * c->n_slots : 64;
    size_t *slots = memory_zeroed(budget, n, sizeof *slots);
    if (!slots) return memory_status(budget);
    memory_free(budget, c->slots);
    c->slots = slots;
    c->n_slots = n;
    for (size_t i = 0; i < c->counts.n; i++) {
        size_t start = start_of(c, i);
        slots[counted_slot(c, c->bytes + start, c->ends[i] - start)] = i + 1;
    }
    return ATHLETE_OK;
}

static athlete_status category_new(athlete_budget *budget, category_counts *c, const char *bytes, size_t n,
                                   size_t slot, cell rows) {
    size_t category = c->counts.n;
    athlete_status status = memory_reserve(budget, &c->bytes, &c->bytes_capacity, c->n_bytes + n);
    if (status == ATHLETE_OK) status = memory_reserve(budget, &c->ends, &c->ends_capacity, category + 1);
    if (status == ATHLETE_OK) status = cells_add(budget, &c->counts, rows);
    if (status != ATHLETE_OK) return status;
    if (n > 0) memcpy(c->bytes + c->n_bytes, bytes, n);
    c->n_bytes += n;
    c->ends[category] = c->n_bytes;
    c->slots[slot] = category + 1;
    return ATHLETE_OK;
}

athlete_status categories_add(athlete_budget *budget, category_counts *c, const void *bytes, size_t n,
                              cell rows) {
    athlete_status status = make_slots(budget, c);
    if (status != ATHLETE_OK) return status;
    size_t slot = counted_slot(c, bytes, n);
    if (!c->slots[slot]) return category_new(budget, c, bytes, n, slot, rows);
    cell *known = &c->counts.cells[c->slots[slot] - 1];
    known->reference += rows.reference;
    known->current += rows.current;
    return ATHLETE_OK;
}

void categories_free(athlete_budget *budget, category_counts *c) {
    memory_free(budget, c->counts.cells);
    memory_free(budget, c->bytes);
    memory_free(budget, c->ends);
    memory_free(budget, c->slots);
    *c = (category_counts){0};
}
