#if defined(__linux__) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE /* madvise */
#endif
#include "base/memory.h"

#include <stdint.h>
#include <string.h>
#include "base/precondition.h"
#include "base/sqlite.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

#define MEMORY_HUGE_PAGE ((size_t)2 << 20)
#define MEMORY_LARGE     (4 * MEMORY_HUGE_PAGE)

/* Rows of a large block are read in no order, and with small pages each of them would be looked up in the page tables. A system that
** has no large ones, or will not give them, gives small ones as before. */
static void advise_large(void *block, size_t bytes) {
#ifdef MADV_HUGEPAGE
    if (bytes < MEMORY_LARGE) return;
    size_t before = (size_t)(-(uintptr_t)block & (MEMORY_HUGE_PAGE - 1));
    madvise((char *)block + before, (bytes - before) & ~(MEMORY_HUGE_PAGE - 1), MADV_HUGEPAGE);
#else
    (void)block;
    (void)bytes;
#endif
}

/* The bytes of count * size, or 0 if the product overflows or, beside the `held` bytes that it replaces, passes the
** limit. */
static size_t admitted(athlete_budget *budget, size_t count, size_t size, size_t held) {
    if (size != 0 && count > SIZE_MAX / 2 / size) {
        if (budget) budget->refused = SIZE_MAX / 2;
        return 0;
    }
    size_t bytes = count * size;
    if (bytes == 0) bytes = 1;
    if (!budget || !budget->limit) return bytes;
    size_t used = budget->used - held;
    if (bytes <= budget->limit - (used < budget->limit ? used : budget->limit)) return bytes;
    budget->refused = bytes;
    return 0;
}

void *memory_alloc(athlete_budget *budget, size_t count, size_t size) {
    size_t bytes = admitted(budget, count, size, 0);
    void *block = bytes ? sqlite3_malloc64(bytes) : NULL;
    if (block) advise_large(block, bytes);
    if (block && budget) budget->used += (size_t)sqlite3_msize(block);
    return block;
}

void *memory_zeroed(athlete_budget *budget, size_t count, size_t size) {
    void *block = memory_alloc(budget, count, size);
    if (block) memset(block, 0, count * size);
    return block;
}

/* Pointers to objects have one representation, whatever they point to, on every system with POSIX or Windows. */
athlete_status memory_grow(athlete_budget *budget, void *array, size_t *capacity, size_t needed,
                           size_t size) {
    void *block;
    memcpy(&block, array, sizeof block);
    size_t wanted = *capacity + *capacity / 2;
    if (wanted < needed) wanted = needed;
    if (wanted < 16) wanted = 16;
    size_t held = block ? (size_t)sqlite3_msize(block) : 0;
    size_t bytes = admitted(budget, wanted, size, held);
    void *larger =
        bytes ? sqlite3_realloc64(block, bytes) : NULL; /* a large block moves without being copied */
    if (!larger) return memory_status(budget);
    advise_large(larger, bytes);
    if (budget) budget->used += (size_t)sqlite3_msize(larger) - held;
    memcpy(array, &larger, sizeof larger);
    *capacity = wanted;
    return ATHLETE_OK;
}

void memory_free(athlete_budget *budget, void *block) {
    if (!block) return;
    size_t held = budget ? (size_t)sqlite3_msize(block) : 0;
    assert(!budget || budget->used >= held); /* it was taken under this budget */
    if (budget) budget->used -= held;
    sqlite3_free(block);
}

athlete_status memory_status(const athlete_budget *budget) {
    return budget && budget->refused ? ATHLETE_OVER_LIMIT : ATHLETE_NOMEM;
}
