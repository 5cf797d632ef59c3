#include "trees/format/category_order.h"

#include <string.h>
#include "base/text/name_sort.h"

renumbering *renumberings_begin(athlete_budget *budget, forest *model) {
    size_t n = (size_t)model->n_features;
    model->categories = memory_zeroed(budget, n, sizeof *model->categories);
    return model->categories ? memory_zeroed(budget, n, sizeof(renumbering)) : NULL;
}

void renumberings_free(athlete_budget *budget, const forest *model, renumbering *all) {
    for (int f = 0; all && f < model->n_features; f++) memory_free(budget, all[f].to);
    memory_free(budget, all);
}

athlete_status categories_sort(athlete_budget *budget, category_names *names, renumbering *order,
                               size_t *twice) {
    size_t n = names->n, i = 1;
    while (i < n && strcmp(names->name[i - 1], names->name[i]) < 0) i++;
    if (i >= n) return ATHLETE_OK;
    athlete_status status = ATHLETE_OK;
    uint32_t *sorted = memory_alloc(budget, 2 * n, sizeof *sorted);
    const char **name = memory_alloc(budget, n, sizeof *name);
    order->to = memory_alloc(budget, n, sizeof *order->to);
    if (!sorted || !name || !order->to) {
        status = memory_status(budget);
    } else if ((*twice = name_sort(names->name, n, sorted)) < n) {
        status = ATHLETE_INVALID;
    } else {
        for (i = 0; i < n; i++) {
            name[i] = names->name[sorted[i]];
            order->to[sorted[i]] = (uint32_t)i;
        }
        memcpy(names->name, name, n * sizeof *name);
    }
    memory_free(budget, sorted);
    memory_free(budget, name);
    return status;
}

static uint32_t renumbered(const renumbering *order, double category) {
    return order && order->to ? order->to[(size_t)category] : (uint32_t)category;
}

athlete_status categories_add_set(athlete_budget *budget, forest *model, const renumbering *order,
                                  const double *members, size_t n, uint32_t *set, size_t *at) {
    uint32_t largest = 0;
    for (*at = 0; *at < n; ++*at) {
        if (order && order->n > 0 && members[*at] >= (double)order->n) return ATHLETE_INVALID;
        uint32_t category = renumbered(order, members[*at]);
        if (category > largest) largest = category;
    }
    size_t n_words = largest / 32 + 1, used = model->n_sets ? model->set_end[model->n_sets - 1] : 0;
    if (n_words > ATHLETE_MODEL_MAX_SET_WORDS - used) return ATHLETE_INVALID;
    uint32_t *words;
    athlete_status status = forest_add_set(budget, model, n_words, &words);
    if (status != ATHLETE_OK) return status;
    memset(words, 0, n_words * sizeof *words);
    for (size_t i = 0; i < n; i++) {
        uint32_t category = renumbered(order, members[i]);
        words[category / 32] |= (uint32_t)1 << category % 32;
    }
    *set = (uint32_t)(model->n_sets - 1);
    return ATHLETE_OK;
}
