/* A gradient-boosted forest in memory, the JSON text that it is stored as, and its predictions.
**
** The text is XGBoost's own model format, so that Booster.load_model reads what was trained here, and what was trained
** there is scored here with the same float32 bits. Ours is found in `learner.attributes` alone. */
#ifndef ATHLETE_TREES_MODEL_H
#define ATHLETE_TREES_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/poll.h"
#include "base/status.h"
#include "trees/text.h"

#define ATHLETE_MODEL_MAX_BYTES    ((size_t)32 << 20) /* its parsed form can be 32 times as large */
#define ATHLETE_MODEL_MAX_FEATURES 65536

/* What an output means. The objectives that XGBoost trains and that end in the same function are one here. */
typedef enum model_link {
    MODEL_IDENTITY, /* the margin itself */
    MODEL_LOGISTIC  /* the probability 1 / (1 + e^-margin) */
} model_link;

/* Children are allocated in pairs: the right one follows the left one, as XGBoost's predictor assumes. */
typedef struct tree_node {
    int32_t left;      /* the left child, counted from the tree's root; -1 in a leaf */
    uint32_t feature;  /* of a split */
    float value;       /* a split's threshold: x < value goes left; or a leaf's value */
    bool missing_left; /* of a split */
    int32_t parent;    /* -1 for the root */
    float gain;        /* fall of the loss by the split; 0 in a leaf */
    float cover;       /* sum of hessians */
    float weight;      /* the node's own best value before shrinkage */
} tree_node;

typedef struct forest {
    int n_features;
    model_link link;
    float base_score;  /* in output space, as the text has it */
    float base_margin; /* what every prediction starts from */
    size_t n_trees, trees_capacity;
    size_t *tree_end; /* tree t is nodes[tree_end[t - 1]] up to nodes[tree_end[t] - 1] */
    size_t n_nodes, nodes_capacity;
    tree_node *nodes;
} forest;

static inline size_t forest_tree_start(const forest *model, size_t tree) {
    return tree == 0 ? 0 : model->tree_end[tree - 1];
}

void forest_free(athlete_budget *budget, forest *model);

/* Adds one tree of n nodes, uninitialised. */
athlete_status forest_add_tree(athlete_budget *budget, forest *model, size_t n_nodes, tree_node **nodes);

/* --- prediction (predict.c) ----------------------------------------------------------------------------- */

/* The sum of the leaves that a row reaches, added to the base margin in float32 in the order of the trees. `row` has
** n_features values, NaN where one is missing. */
float forest_margin(const forest *model, const float *row);

/* The margin as the user's number: itself, or a probability. */
float forest_output(const forest *model, float margin);

/* --- the text (model_write.c, model_read.c) ------------------------------------------------------------- */

typedef struct model_attribute {
    const char *name, *value; /* a row without a name ends the list */
} model_attribute;

typedef struct model_description {
    const char *objective;             /* XGBoost's name */
    const char *const *feature_names;  /* n_features of them, or NULL */
    const model_attribute *attributes; /* in the order of their names */
} model_description;

/* Appends the model's JSON. */
athlete_status model_write(const forest *model, const model_description *description, text_buffer *out,
                           athlete_poll *poll);

typedef struct model_fault {
    char text
        [256]; /* "learner.gradient_booster.model.trees[3].left_children[5] is 99, the tree has 7 nodes" */
} model_fault;

/* Reads a model from a text that may come from anyone: everything that prediction relies on is checked. The text must
** be terminated by a zero byte. ATHLETE_INVALID fills the fault; free with forest_free also after a failure. */
athlete_status model_read(const char *text, size_t length, athlete_budget *budget, forest *model,
                          model_fault *fault);

#endif
