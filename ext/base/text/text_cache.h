/* What was parsed last, found again by its text.
**
** A model usually comes from a column, a subquery or a join, where SQLite's auxiliary data is thrown away on every row
** and parsing again would cost a thousand times the prediction. So a connection keeps the last few. A text is the
** same when all of its bytes are: nothing cheaper survives a hostile caller, and comparing is faster than SQLite's own
** reading of the column. */
#ifndef ATHLETE_BASE_TEXT_TEXT_CACHE_H
#define ATHLETE_BASE_TEXT_TEXT_CACHE_H

#include <stddef.h>

#define TEXT_CACHE_SLOTS 8

/* The first member of what was parsed. */
typedef struct cached_text {
    char *text; /* terminated */
    size_t length;
    size_t references;                   /* the cache's own and those of its users */
    void (*close)(struct cached_text *); /* frees all but the text */
} cached_text;

typedef struct text_cache {
    cached_text *slots[TEXT_CACHE_SLOTS]; /* the last used first */
} text_cache;

/* A domain's state on a connection (athlete_domain). */
void *text_cache_open(void);
void text_cache_close(void *cache);

/* What this text was parsed into, or NULL; the caller gives it back with cached_text_release. */
cached_text *text_cache_find(text_cache *cache, const char *text, size_t length);

/* A zeroed block of `size` bytes that begins with a copy of the text, to be parsed and then kept, or released; NULL where
** memory is short. It has one reference, the caller's. */
cached_text *cached_text_open(const char *text, size_t length, size_t size, void (*close)(cached_text *));
void text_cache_keep(text_cache *cache, cached_text *parsed);
void cached_text_release(void *parsed);

#endif
