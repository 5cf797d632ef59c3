/* A hash of texts for tables in memory: FNV-1a of Fowler, Noll and Vo, http://www.isthe.com/chongo/tech/comp/fnv. */
#ifndef ATHLETE_BASE_TEXT_TEXT_HASH_H
#define ATHLETE_BASE_TEXT_TEXT_HASH_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_HASH_EMPTY ((uint64_t)0xcbf29ce484222325u)

static inline uint64_t text_hash_add(uint64_t hash, char byte) {
    return (hash ^ (unsigned char)byte) * 0x100000001b3u;
}

static inline uint64_t text_hash(const char *bytes, size_t n) {
    uint64_t hash = TEXT_HASH_EMPTY;
    for (size_t i = 0; i < n; i++) hash = text_hash_add(hash, bytes[i]);
    return hash;
}

#endif
