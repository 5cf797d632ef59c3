/* The texts of one categorical column, numbered. */
#ifndef ATHLETE_TREES_BINS_CATEGORIES_H
#define ATHLETE_TREES_BINS_CATEGORIES_H

#include <stddef.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/status.h"

#define ATHLETE_MAX_CATEGORIES ((size_t)1 << 20) /* of one column; float32 counts exactly far beyond */

typedef struct category_list {
    size_t n;
    char *texts; /* one after the other, each with a zero byte at its end */
    size_t texts_length, texts_capacity;
    size_t *start; /* of text i in `texts` */
    size_t start_capacity;
    uint32_t *slots; /* a hash table of numbers + 1, 0 where it is empty */
    size_t n_slots;  /* a power of two, at least twice n */
} category_list;

/* The number of a text, the next one if it is new. ATHLETE_INVALID after ATHLETE_MAX_CATEGORIES. */
athlete_status category_find(category_list *list, const char *text, athlete_budget *budget, uint32_t *number);

/* Writes the numbers of all texts in the order of their bytes; `order` has room for n. */
void category_sort(const category_list *list, uint32_t *order);

static inline const char *category_text(const category_list *list, uint32_t number) {
    return list->texts + list->start[number];
}

void category_list_free(category_list *list, athlete_budget *budget);

#endif
