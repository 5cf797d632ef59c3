/* Parsed models, found again by their text (base/text/text_cache.h). */
#ifndef ATHLETE_TREES_SCORER_MODEL_CACHE_H
#define ATHLETE_TREES_SCORER_MODEL_CACHE_H

#include "base/text/text_cache.h"
#include "trees/model/model.h"
#include "trees/scorer/scorer.h"

typedef struct cached_model {
    cached_text base; /* must be first */
    forest model;

    /* Made by model_prepare, and used by one call at a time. */
    scorer *compiled;
    float *row, *inputs, *margins;
} cached_model;

/* The model of this text, parsed now if it is not in the cache; the caller gives it back with cached_text_release. NULL
** with *status, and for ATHLETE_INVALID the fault, if there is none. */
cached_model *model_cache_find(text_cache *cache, const char *text, size_t length, athlete_poll *poll,
                               athlete_status *status, athlete_fault *fault);

/* Compiles the model for scoring and makes room for one row, unless that was done before. */
athlete_status model_prepare(cached_model *cached);

#endif
