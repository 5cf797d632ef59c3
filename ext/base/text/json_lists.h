/* JSON whose lists of numbers are arrays of doubles.
**
** A model is a few hundred names and millions of numbers. As one cJSON item each they would take seventy bytes and an
** allocation per number; so they are taken out of the text, and cJSON parses what is left.
**
** NaN, Infinity and -Infinity, which JSON has not and XGBoost writes, are numbers in these lists and nowhere else: whoever reads
** a list says what it may hold. */
#ifndef ATHLETE_BASE_TEXT_JSON_LISTS_H
#define ATHLETE_BASE_TEXT_JSON_LISTS_H

#include <stdbool.h>
#include "base/memory.h"
#include "base/poll.h"
#include "base/text/json_text.h"

typedef struct number_list {
    const double *values;
    size_t n;
    bool has_flags; /* some are true or false, here 1 and 0 */
} number_list;

typedef struct json_lists {
    cJSON *root; /* a list of numbers is a list of one item in it, of which only number_list_of makes sense */
    size_t n_lists, lists_capacity;
    struct list_place *lists;
    size_t n_values, values_capacity;
    double *values;
} json_lists;

#define ATHLETE_JSON_MAX_ITEMS ((size_t)1 << 21) /* of cJSON's, some 100 bytes each */

/* As json_parse, within the budget but for cJSON's items, of which there are at most ATHLETE_JSON_MAX_ITEMS. `poll`
** may be NULL. Free also after a failure. */
athlete_status json_lists_parse(const char *text, size_t length, athlete_budget *budget, athlete_poll *poll,
                                json_lists *parsed, athlete_fault *fault);
void json_lists_free(athlete_budget *budget, json_lists *parsed);

/* Whether the item is a list of nothing but numbers, true and false; if so they are put into *list. */
bool number_list_of(const json_lists *parsed, const cJSON *item, number_list *list);

#endif
