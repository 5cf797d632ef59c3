#include "base/memory.h"

#include <stdint.h>
#include <string.h>
#include "base/sqlite.h"

void *memory_alloc(athlete_budget *budget, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / 2 / size) {
        if (budget) budget->refused = SIZE_MAX / 2;
        return NULL;
    }
    size_t bytes = count * size;
    if (bytes == 0) bytes = 1;
    if (budget && budget->limit &&
        bytes > budget->limit - (budget->used < budget->limit ? budget->used : budget->limit)) {
        budget->refused = bytes;
        return NULL;
    }
    void *block = sqlite3_malloc64(bytes);
    if (block && budget) budget->used += (size_t)sqlite3_msize(block);
    return block;
}

void *memory_zeroed(athlete_budget *budget, size_t count, size_t size) {
    void *block = memory_alloc(budget, count, size);
    if (block) memset(block, 0, count * size);
    return block;
}

athlete_status memory_grow(athlete_budget *budget, void **block, size_t *capacity, size_t needed,
                           size_t size) {
    if (needed <= *capacity) return ATHLETE_OK;
    size_t wanted = *capacity + *capacity / 2;
    if (wanted < needed) wanted = needed;
    if (wanted < 16) wanted = 16;
    void *larger = memory_alloc(budget, wanted, size);
    if (!larger) return memory_status(budget);
    if (*block) memcpy(larger, *block, *capacity * size);
    memory_free(budget, *block);
    *block = larger;
    *capacity = wanted;
    return ATHLETE_OK;
}

void memory_free(athlete_budget *budget, void *block) {
    if (!block) return;
    if (budget) budget->used -= (size_t)sqlite3_msize(block);
    sqlite3_free(block);
}

athlete_status memory_status(const athlete_budget *budget) {
    return budget && budget->refused ? ATHLETE_OVER_LIMIT : ATHLETE_NOMEM;
}
