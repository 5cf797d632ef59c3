/* A gradient-boosted forest in memory, the JSON text that it is stored as, and its predictions.
**
** The text is XGBoost's own model format, so that Booster.load_model reads what was trained here, and what was trained
** there is scored here with the same float32 bits. Ours is found in `learner.attributes` alone. */
#ifndef ATHLETE_TREES_MODEL_MODEL_H
#define ATHLETE_TREES_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/fault.h"
#include "base/memory.h"
#include "base/poll.h"
#include "base/status.h"
#include "base/text/text_buffer.h"
#include "trees/model/category_names.h"

#define MODEL_NO_PARENT              2147483647 /* what XGBoost's texts have for it: the largest int32_t */
#define ATHLETE_MODEL_MAX_BYTES      ((size_t)32 << 20)
#define ATHLETE_MODEL_MAX_FEATURES   65536
#define ATHLETE_MODEL_MAX_OUTPUTS    1024
#define ATHLETE_MODEL_MAX_DEPTH      32767              /* edges from a root to a leaf */
#define ATHLETE_MODEL_MAX_SET_WORDS  ((size_t)16 << 20) /* of all sets of categories together */
#define ATHLETE_MODEL_MAX_CATEGORIES 16777216           /* 2^24, XGBoost's limit: floats count on to there */

/* What an output means. The objectives that XGBoost trains and that end in the same function are one here. */
typedef enum model_link {
    MODEL_IDENTITY,    /* the margin itself */
    MODEL_LOGISTIC,    /* the probability 1 / (1 + e^-margin) */
    MODEL_EXPONENTIAL, /* e^margin, a rate */
    MODEL_SOFTMAX      /* per class the probability e^margin / sum of e^margin */
} model_link;

/* Children are allocated in pairs: the right one follows the left one, as XGBoost's predictor assumes. */
typedef struct tree_node {
    int32_t left;     /* the left child, counted from the tree's root; -1 in a leaf */
    uint32_t feature; /* of a split */
    union {
        float value;  /* a numeric split's threshold: x < value goes left; or a leaf's value */
        uint32_t set; /* a categorical split's set: categories in it go right, all others left */
    };
    bool missing_left; /* of a split */
    bool categorical;  /* of a split */
    int32_t parent;    /* -1 for the root */
    float gain;        /* fall of the loss by the split; 0 in a leaf */
    float cover;       /* sum of hessians */
    float weight;      /* the node's own best value before shrinkage */
} tree_node;

typedef struct forest {
    int n_features;
    int n_outputs; /* margins of a row: 1, or as many as there are classes */
    model_link link;
    const char *objective; /* of a model that was read: XGBoost's name, one of model_objective.c */
    double variance_power; /* then, of reg:tweedie; 0 where it is not known */
    float *base_scores;    /* per output, in output space, as the text has it */
    float *base_margins;   /* per output, what every prediction starts from */
    size_t n_trees, trees_capacity;
    size_t round_trees; /* of a round of boosting; 0 where rounds differ */
    size_t *tree_end;   /* tree t is nodes[tree_end[t - 1]] up to nodes[tree_end[t] - 1] */
    size_t outputs_capacity;
    uint32_t *tree_output; /* the output that tree t adds to */
    size_t n_nodes, nodes_capacity;
    tree_node *nodes;
    size_t n_sets, sets_capacity;
    size_t *set_end; /* set s is the words set_words[set_end[s - 1]] up to set_words[set_end[s] - 1] */
    size_t words_capacity;
    uint32_t *set_words;        /* category c is in a set if bit c % 32 of its word c / 32 is 1 */
    const char **feature_names; /* n_features of them, or NULL */
    category_names *categories; /* per feature, n 0 where its values are numbers; or NULL */
    category_names classes; /* of a softmax, or the two of one probability; n 0 where classes are numbers */
    char *strings;          /* what the names point into */
} forest;

static inline size_t forest_tree_start(const forest *model, size_t tree) {
    return tree == 0 ? 0 : model->tree_end[tree - 1];
}

/* Gives a forest without trees its number of outputs; all base scores and margins are 0. */
athlete_status forest_begin(athlete_budget *budget, forest *model, int n_features, int n_outputs);
void forest_free(athlete_budget *budget, forest *model);

/* Adds one tree of n nodes, uninitialised, that adds to the given output. */
athlete_status forest_add_tree(athlete_budget *budget, forest *model, size_t n_nodes, int output,
                               tree_node **nodes);

/* Whether predictions start from something. What all classes have in common is nothing: it changes no probability. */
bool forest_has_base(const forest *model);

/* Takes such a base into the leaves of each output's first tree, where there is one: the same sums of float32, to the bit. */
void forest_take_base_in(forest *model);

/* Adds a set of n words, uninitialised; its number is n_sets - 1 then. */
athlete_status forest_add_set(athlete_budget *budget, forest *model, size_t n_words, uint32_t **words);

/* Whether a value of a categorical feature, not NaN, goes left: what is in no set does. */
static inline bool forest_category_left(const forest *model, uint32_t set, float value) {
    size_t start = set == 0 ? 0 : model->set_end[set - 1];
    if (!(value >= 0 && value < ATHLETE_MODEL_MAX_CATEGORIES)) return true;
    uint32_t category = (uint32_t)value;
    if (category / 32 >= model->set_end[set] - start) return true;
    return !(model->set_words[start + category / 32] >> category % 32 & 1);
}

/* --- prediction (predict.c) ----------------------------------------------------------------------------- */

/* A row's margins, in place, become the user's numbers: themselves, probabilities or rates. */
void forest_outputs(const forest *model, float *margins);

/* The output of the largest margin, the first of equal ones. */
int forest_likeliest(const forest *model, const float *margins);

/* How many classes the outputs are of: 0 where they are none of classes. */
static inline size_t forest_n_classes(const forest *model) {
    if (model->link == MODEL_SOFTMAX) return (size_t)model->n_outputs;
    return model->link == MODEL_LOGISTIC && model->n_outputs == 1 ? 2 : 0;
}

/* --- the text (model_write.c, model_read.c) ------------------------------------------------------------- */

/* An attribute of ours: a JSON list with one list per feature, of the names of its categories. */
#define ATHLETE_CATEGORIES_ATTRIBUTE "athlete_categories"

/* Another one: a JSON list of the names of the classes. */
#define ATHLETE_CLASSES_ATTRIBUTE "athlete_classes"

typedef struct model_attribute {
    const char *name, *value; /* a row without a name ends the list */
} model_attribute;

typedef struct model_description {
    const char *objective;             /* XGBoost's name, one of model_objective.c */
    double variance_power;             /* of reg:tweedie; 0 where it is not known */
    const char *const *feature_names;  /* n_features of them, or NULL for the forest's own */
    const model_attribute *attributes; /* in the order of their names, without those of names */
} model_description;

/* Appends the model's JSON, with the names of features, categories and classes that the forest has. */
athlete_status model_write(const forest *model, const model_description *description, text_buffer *out,
                           athlete_poll *poll);

/* Reads a model from a text that may come from anyone: everything that prediction relies on is checked. The text must
** be terminated by a zero byte. `poll` may be NULL. ATHLETE_INVALID fills the fault; free with forest_free also after a
** failure. */
athlete_status model_read(const char *text, size_t length, athlete_budget *budget, athlete_poll *poll,
                          forest *model, athlete_fault *fault);

#endif
