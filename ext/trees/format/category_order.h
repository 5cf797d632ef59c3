/* Categories get new numbers while a model is read: names go into the order of their bytes, and a category that is a
** number becomes the category of that number, which is what a column of such numbers holds. */
#ifndef ATHLETE_TREES_FORMAT_CATEGORY_ORDER_H
#define ATHLETE_TREES_FORMAT_CATEGORY_ORDER_H

#include "trees/model/model.h"

/* What the categories of one feature, as the text numbers them, become. */
typedef struct renumbering {
    size_t n;     /* how many there are; 0 if the text does not say */
    uint32_t *to; /* n of them, or NULL when they keep their numbers */
} renumbering;

/* Zeroed, one per feature of the model, which gets its `categories` too; NULL when memory is short. */
renumbering *renumberings_begin(athlete_budget *budget, forest *model);
void renumberings_free(athlete_budget *budget, const forest *model, renumbering *all);

/* Puts the names of a feature into the order of their bytes. ATHLETE_INVALID if category *twice has the name of
** another one. */
athlete_status categories_sort(athlete_budget *budget, category_names *names, renumbering *order,
                               size_t *twice);

/* Adds the set of n categories, numbers below ATHLETE_MODEL_MAX_CATEGORIES, of a feature; `order` may be NULL.
** ATHLETE_INVALID if members[*at] is no category of the feature, or with *at = n if all sets together would pass
** ATHLETE_MODEL_MAX_SET_WORDS. */
athlete_status categories_add_set(athlete_budget *budget, forest *model, const renumbering *order,
                                  const double *members, size_t n, uint32_t *set, size_t *at);

#endif
