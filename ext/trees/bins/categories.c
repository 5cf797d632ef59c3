#include "trees/bins/categories.h"

#include <string.h>
#include "base/text/text_hash.h"

/* With its high bits folded in. */
static uint32_t hash_of(const char *text) {
    uint64_t hash = TEXT_HASH_EMPTY;
    for (; *text; text++) hash = text_hash_add(hash, *text);
    return (uint32_t)(hash ^ hash >> 32);
}

/* The slot that holds the text, or the empty one where it belongs. */
static size_t slot_of(const category_list *list, const char *text) {
    size_t at = hash_of(text) & (list->n_slots - 1);
    while (list->slots[at] > 0 && strcmp(category_text(list, list->slots[at] - 1), text) != 0)
        at = (at + 1) & (list->n_slots - 1);
    return at;
}

static athlete_status widen(category_list *list, athlete_budget *budget) {
    if (2 * (list->n + 1) <= list->n_slots) return ATHLETE_OK;
    size_t n_slots = list->n_slots ? 2 * list->n_slots : 32;
    uint32_t *slots = memory_zeroed(budget, n_slots, sizeof *slots);
    if (!slots) return memory_status(budget);
    memory_free(budget, list->slots);
    list->slots = slots;
    list->n_slots = n_slots;
    for (uint32_t i = 0; i < list->n; i++) slots[slot_of(list, category_text(list, i))] = i + 1;
    return ATHLETE_OK;
}

static athlete_status append(category_list *list, const char *text, athlete_budget *budget) {
    size_t bytes = strlen(text) + 1;
    athlete_status status =
        memory_reserve(budget, &list->texts, &list->texts_capacity, list->texts_length + bytes);
    if (status == ATHLETE_OK)
        status = memory_reserve(budget, &list->start, &list->start_capacity, list->n + 1);
    if (status != ATHLETE_OK) return status;
    memcpy(list->texts + list->texts_length, text, bytes);
    list->start[list->n++] = list->texts_length;
    list->texts_length += bytes;
    return ATHLETE_OK;
}

athlete_status category_find(category_list *list, const char *text, athlete_budget *budget,
                             uint32_t *number) {
    athlete_status status = widen(list, budget);
    if (status != ATHLETE_OK) return status;
    uint32_t *slot = &list->slots[slot_of(list, text)];
    if (*slot == 0) {
        if (list->n == ATHLETE_MAX_CATEGORIES) return ATHLETE_INVALID;
        status = append(list, text, budget);
        if (status != ATHLETE_OK) return status;
        *slot = (uint32_t)list->n;
    }
    *number = *slot - 1;
    return ATHLETE_OK;
}

/* Lets order[at] sink until the texts below it in the heap of n are not after it. */
static void sink(const category_list *list, uint32_t *order, size_t at, size_t n) {
    uint32_t number = order[at];
    for (size_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n &&
            strcmp(category_text(list, order[child + 1]), category_text(list, order[child])) > 0)
            child++;
        if (strcmp(category_text(list, order[child]), category_text(list, number)) <= 0) break;
        order[at] = order[child];
        at = child;
    }
    order[at] = number;
}

void category_sort(const category_list *list, uint32_t *order) {
    for (uint32_t i = 0; i < list->n; i++) order[i] = i;
    for (size_t i = list->n / 2; i > 0; i--) sink(list, order, i - 1, list->n);
    for (size_t last = list->n; last-- > 1;) {
        uint32_t highest = order[0];
        order[0] = order[last];
        order[last] = highest;
        sink(list, order, 0, last);
    }
}

void category_list_free(category_list *list, athlete_budget *budget) {
    memory_free(budget, list->texts);
    memory_free(budget, list->start);
    memory_free(budget, list->slots);
    *list = (category_list){.n = 0};
}
