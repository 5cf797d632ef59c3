#include "trees/scorer/model_cache.h"

static void cached_model_close(cached_text *base) {
    cached_model *cached = (cached_model *)base;
    scorer_close(NULL, cached->compiled);
    memory_free(NULL, cached->row);
    forest_free(NULL, &cached->model);
}

cached_model *model_cache_find(text_cache *cache, const char *text, size_t length, athlete_poll *poll,
                               athlete_status *status, athlete_fault *fault) {
    *status = ATHLETE_OK;
    cached_text *base = text_cache_find(cache, text, length);
    if (base) return (cached_model *)base;
    base = cached_text_open(text, length, sizeof(cached_model), cached_model_close);
    cached_model *cached = (cached_model *)base;
    *status = cached ? model_read(base->text, length, NULL, poll, &cached->model, fault) : ATHLETE_NOMEM;
    if (*status == ATHLETE_OK) {
        text_cache_keep(cache, base);
        return cached;
    }
    cached_text_release(base);
    return NULL;
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
