/* What the files that read XGBoost's JSON share: where they are in the text, and how they fail. */
#ifndef ATHLETE_TREES_FORMAT_MODEL_READER_H
#define ATHLETE_TREES_FORMAT_MODEL_READER_H

#include "base/numbers/decimal.h"
#include "base/status.h"
#include "base/text/json_lists.h"
#include "trees/format/category_order.h"
#include "trees/model/model.h"

typedef struct model_reader {
    athlete_budget *budget;
    athlete_poll *poll; /* may be NULL */
    forest *model;
    athlete_fault *fault;
    athlete_status status;
    json_lists text;
    renumbering *categories; /* per feature, or NULL */
    char path[128];          /* of the object being read: "learner.gradient_booster.model.trees[3]" */
} model_reader;

/* Fills the fault unless something failed before; returns false. */
ATHLETE_FORMATS bool reader_fail(model_reader *r, const char *format, ...);

/* A member of an object; after a failure, also an earlier one, NULL and for a count -1. A name that stands there twice
** is refused: readers differ in which of the two they believe. */
const cJSON *reader_find(model_reader *r, const cJSON *object, const char *name);
const cJSON *reader_object(model_reader *r, const cJSON *object, const char *name);
const cJSON *reader_array(model_reader *r, const cJSON *object, const char *name);
const char *reader_string(model_reader *r, const cJSON *object, const char *name);
bool reader_numbers(model_reader *r, const cJSON *object, const char *name, number_list *list);

/* A count that is kept as a string of digits, from 0 to `max`. */
int32_t reader_count(model_reader *r, const cJSON *object, const char *name, int32_t max);

/* Whether the member is there at all. */
bool reader_has(const cJSON *object, const char *name);

/* --- the parts ------------------------------------------------------------------------------------------ */

/* Adds the tree to the forest, for the given output (model_read_tree.c). */
bool model_read_tree(model_reader *r, const cJSON *tree, int output);

/* Gives the tree's splits by category their sets (model_read_sets.c). */
bool model_read_sets(model_reader *r, const cJSON *tree, tree_node *nodes, int32_t n);

/* The names of features and categories (model_read_names.c). */
bool model_read_names(model_reader *r, const cJSON *learner);

#endif
