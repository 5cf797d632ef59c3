/* Parsed models, found again by their text.
**
** A model usually comes from a column, a subquery or a join, where SQLite's auxiliary data is thrown away on every row
** and parsing again would cost a thousand times the prediction. So a connection keeps the last few. A text is the
** same when all of its bytes are: nothing cheaper survives a hostile caller, and comparing is faster than SQLite's own
** reading of the column. */
#ifndef ATHLETE_TREES_SCORER_MODEL_CACHE_H
#define ATHLETE_TREES_SCORER_MODEL_CACHE_H

#include "trees/model/model.h"
#include "trees/scorer/scorer.h"

#define ATHLETE_MODEL_CACHE_SLOTS 8

typedef struct cached_model {
    forest model;
    char *text;
    size_t length;
    size_t references; /* the cache's own and those of its users */

    /* Made by model_prepare, and used by one call at a time. */
    scorer *compiled;
    float *row, *inputs, *margins;
} cached_model;

typedef struct model_cache {
    cached_model *slots[ATHLETE_MODEL_CACHE_SLOTS]; /* the last used first */
} model_cache;

/* The domain's state on a connection. */
void *model_cache_open(void);
void model_cache_close(void *cache);

/* The model of this text, parsed now if it is not in the cache; the caller gives it back with model_release. NULL
** with *status, and for ATHLETE_INVALID the fault, if there is none. */
cached_model *model_cache_find(model_cache *cache, const char *text, size_t length, athlete_poll *poll,
                               athlete_status *status, athlete_fault *fault);
void model_release(void *cached);

/* Compiles the model for scoring and makes room for one row, unless that was done before. */
athlete_status model_prepare(cached_model *cached);

#endif
