#include "base/text/text_cache.h"

#include <string.h>
#include "base/memory.h"

void *text_cache_open(void) {
    return memory_zeroed(NULL, 1, sizeof(text_cache));
}

void text_cache_close(void *opaque) {
    text_cache *cache = opaque;
    for (int i = 0; i < TEXT_CACHE_SLOTS; i++) cached_text_release(cache->slots[i]);
    memory_free(NULL, cache);
}

cached_text *cached_text_open(const char *text, size_t length, size_t size, void (*close)(cached_text *)) {
    cached_text *parsed = memory_zeroed(NULL, 1, size);
    if (!parsed) return NULL;
    *parsed = (cached_text){memory_alloc(NULL, length + 1, 1), length, 1, close};
    if (!parsed->text) {
        cached_text_release(parsed);
        return NULL;
    }
    memcpy(parsed->text, text, length);
    parsed->text[length] = '\0';
    return parsed;
}

void cached_text_release(void *opaque) {
    cached_text *parsed = opaque;
    if (!parsed || --parsed->references > 0) return;
    parsed->close(parsed);
    memory_free(NULL, parsed->text);
    memory_free(NULL, parsed);
}

/* Puts it first, in the place of the one in slot `at`. */
static void text_cache_front(text_cache *cache, int at, cached_text *parsed) {
    memmove(cache->slots + 1, cache->slots, (size_t)at * sizeof *cache->slots);
    cache->slots[0] = parsed;
}

cached_text *text_cache_find(text_cache *cache, const char *text, size_t length) {
    for (int at = 0; at < TEXT_CACHE_SLOTS && cache->slots[at]; at++) {
        cached_text *slot = cache->slots[at];
        if (slot->length != length || memcmp(slot->text, text, length) != 0) continue;
        text_cache_front(cache, at, slot);
        slot->references++;
        return slot;
    }
    return NULL;
}

void text_cache_keep(text_cache *cache, cached_text *parsed) {
    int at = TEXT_CACHE_SLOTS - 1;
    cached_text_release(cache->slots[at]);
    text_cache_front(cache, at, parsed);
    parsed->references++;
}
