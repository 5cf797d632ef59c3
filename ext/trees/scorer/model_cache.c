#include "trees/scorer/model_cache.h"

#include <string.h>

void *model_cache_open(void) {
    return memory_zeroed(NULL, 1, sizeof(model_cache));
}

void model_cache_close(void *opaque) {
    model_cache *cache = opaque;
    for (int i = 0; i < ATHLETE_MODEL_CACHE_SLOTS; i++) model_release(cache->slots[i]);
    memory_free(NULL, cache);
}

void model_release(void *opaque) {
    cached_model *cached = opaque;
    if (!cached || --cached->references > 0) return;
    scorer_close(NULL, cached->compiled);
    memory_free(NULL, cached->row);
    forest_free(NULL, &cached->model);
    memory_free(NULL, cached->text);
    memory_free(NULL, cached);
}

static cached_model *model_cache_parse(const char *text, size_t length, athlete_poll *poll,
                                       athlete_status *status, athlete_fault *fault) {
    cached_model *cached = memory_zeroed(NULL, 1, sizeof *cached);
    *status = ATHLETE_NOMEM;
    if (!cached) return NULL;
    cached->references = 1;
    cached->length = length;
    cached->text = memory_alloc(NULL, length + 1, 1);
    if (cached->text) {
        memcpy(cached->text, text, length);
        cached->text[length] = '\0';
        *status = model_read(cached->text, length, NULL, poll, &cached->model, fault);
    }
    if (*status == ATHLETE_OK) return cached;
    model_release(cached);
    return NULL;
}

cached_model *model_cache_find(model_cache *cache, const char *text, size_t length, athlete_poll *poll,
                               athlete_status *status, athlete_fault *fault) {
    *status = ATHLETE_OK;
    cached_model *found = NULL;
    int at = 0;
    for (; at < ATHLETE_MODEL_CACHE_SLOTS && cache->slots[at]; at++) {
        cached_model *slot = cache->slots[at];
        if (slot->length == length && memcmp(slot->text, text, length) == 0) {
            found = slot;
            break;
        }
    }
    if (!found) {
        found = model_cache_parse(text, length, poll, status, fault);
        if (!found) return NULL;
        if (at == ATHLETE_MODEL_CACHE_SLOTS) model_release(cache->slots[--at]);
    }
    memmove(cache->slots + 1, cache->slots, (size_t)at * sizeof *cache->slots);
    cache->slots[0] = found;
    found->references++;
    return found;
}

athlete_status model_prepare(cached_model *cached) {
    if (cached->compiled) return ATHLETE_OK;
    size_t n_features = (size_t)cached->model.n_features, n_outputs = (size_t)cached->model.n_outputs;
    if (!cached->row) cached->row = memory_zeroed(NULL, 3 * n_features + 2 + n_outputs, sizeof *cached->row);
    if (!cached->row) return ATHLETE_NOMEM;
    cached->inputs = cached->row + n_features;
    cached->margins = cached->inputs + 2 * n_features + 2;
    return scorer_open(&cached->model, simd_available(), NULL, &cached->compiled);
}
