#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "trees/lightgbm.h"
#include "trees/model_objective.h"

/* Bits of decision_type (LightGBM's include/LightGBM/tree.h). */
#define CATEGORICAL      1
#define DEFAULT_LEFT     2
#define MISSING_IS_NAN   8
#define ABOVE_EVERYTHING 1e300 /* what LightGBM takes for infinity */

#define MAX_COPIES 16 /* of a tree's nodes, for missing values that go with categories */

typedef enum item_kind { ITEM_LEAF, ITEM_SPLIT, ITEM_MISSING } item_kind;

/* A node of LightGBM's tree. */
typedef struct item {
    item_kind kind; /* ITEM_MISSING sends what is missing right, all else to a copy of its node on the left */
    bool found;     /* below an ITEM_MISSING of the same node: the value is not missing */
    int32_t node;   /* of our tree */
    int32_t left, right; /* items */
    int32_t index;       /* among LightGBM's splits or leaves */
} item;

typedef struct writer {
    const forest *model;
    text_buffer *out;
    athlete_budget *budget;
    model_fault *fault;
    size_t n, capacity;
    item *items; /* of the tree at hand, the root first */
    int32_t n_leaves;
    double base; /* is added to its leaves */
    double unit; /* counts are covers times this */
} writer;

/* --- laying out a tree ---------------------------------------------------------------------------------- */

static athlete_status add_item(writer *w, int32_t node, bool found, const tree_node *nodes, int32_t *index) {
    void *items = w->items;
    athlete_status status = memory_grow(w->budget, &items, &w->capacity, w->n + 1, sizeof *w->items);
    w->items = items;
    if (status != ATHLETE_OK) return status;
    const tree_node *source = &nodes[node];
    item_kind kind = source->left < 0                                         ? ITEM_LEAF
                     : source->categorical && !source->missing_left && !found ? ITEM_MISSING
                                                                              : ITEM_SPLIT;
    *index = (int32_t)w->n;
    w->items[w->n++] = (item){.kind = kind, .found = found, .node = node};
    return ATHLETE_OK;
}

/* A set's members go right here and left in LightGBM. */
static athlete_status lay_out(writer *w, const tree_node *nodes, size_t n, size_t tree) {
    int32_t root, n_splits = 0;
    w->n = 0;
    w->n_leaves = 0;
    athlete_status status = add_item(w, 0, false, nodes, &root);
    for (size_t i = 0; i < w->n && status == ATHLETE_OK; i++) {
        item_kind kind = w->items[i].kind;
        w->items[i].index = kind == ITEM_LEAF ? w->n_leaves++ : n_splits++;
        if (kind == ITEM_LEAF) continue;
        int32_t id = w->items[i].node, child = nodes[id].left, left, right;
        bool swapped = nodes[id].categorical && kind == ITEM_SPLIT, again = kind == ITEM_MISSING;
        status = add_item(w, again ? id : child + swapped, again, nodes, &left);
        if (status == ATHLETE_OK) status = add_item(w, child + !swapped, false, nodes, &right);
        if (status != ATHLETE_OK) return status;
        w->items[i].left = left;
        w->items[i].right = right;
        if (w->n > MAX_COPIES * n + 64) {
            snprintf(w->fault->text, sizeof w->fault->text,
                     "tree %zu has too many splits by category under one another in which missing values go "
                     "with the categories, which LightGBM cannot express without repeating what is below",
                     tree);
            return ATHLETE_INVALID;
        }
    }
    return status;
}

/* --- numbers -------------------------------------------------------------------------------------------- */

/* The largest double that rounds to a float32 below t: the middle between t and its neighbour, if that rounds to the
** neighbour (ties go to the even one), or else the double before it. */
static double threshold_below(float t) {
    if (t <= -FLT_MAX) return -0x1.ffffffp127; /* the middle between it and where infinity begins */
    double before = (double)nextafterf(t, -INFINITY);
    double middle = (before + (double)t) / 2;
    return (float)middle < t ? middle : nextafter(middle, -INFINITY);
}

static double leaf_value(const writer *w, const tree_node *node) {
    return w->base + (double)node->value;
}

/* Covers as whole numbers below 2^30: themselves if they are whole, or else in proportion. */
static double count_unit(const tree_node *nodes, size_t n) {
    double largest = 1;
    bool are_whole = true;
    for (size_t i = 0; i < n; i++) {
        double cover = (double)nodes[i].cover;
        if (cover > largest) largest = cover;
        are_whole &= cover == floor(cover);
    }
    return are_whole && largest < 0x1p30 ? 1 : 0x1p29 / largest;
}

static int64_t count_of(const writer *w, const tree_node *node) {
    double count = floor((double)node->cover * w->unit + 0.5);
    return count < 1 ? 1 : (int64_t)count;
}

/* --- lines ---------------------------------------------------------------------------------------------- */

typedef enum field {
    SPLIT_FEATURE,
    SPLIT_GAIN,
    THRESHOLD,
    DECISION_TYPE,
    LEFT_CHILD,
    RIGHT_CHILD,
    LEAF_VALUE,
    LEAF_WEIGHT,
    LEAF_COUNT,
    INTERNAL_VALUE,
    INTERNAL_WEIGHT,
    INTERNAL_COUNT,
    N_FIELDS
} field;

static const char *const field_names[N_FIELDS] = {
    "split_feature", "split_gain",  "threshold",  "decision_type",  "left_child",      "right_child",
    "leaf_value",    "leaf_weight", "leaf_count", "internal_value", "internal_weight", "internal_count",
};

static int32_t child_reference(const writer *w, int32_t child) {
    const item *it = &w->items[child];
    return it->kind == ITEM_LEAF ? ~it->index : it->index;
}

static int decision_type(const item *it, const tree_node *node) {
    if (it->kind == ITEM_MISSING) return MISSING_IS_NAN;
    if (node->categorical) return CATEGORICAL | MISSING_IS_NAN;
    return MISSING_IS_NAN | (node->missing_left ? DEFAULT_LEFT : 0);
}

static void add_threshold(text_buffer *out, const item *it, const tree_node *node, size_t set) {
    if (it->kind == ITEM_MISSING) text_add_double(out, ABOVE_EVERYTHING);
    else if (node->categorical) text_add_integer(out, (int64_t)set);
    else text_add_double(out, threshold_below(node->value));
}

static void add_field(const writer *w, field which, const item *it, const tree_node *node, size_t set) {
    text_buffer *out = w->out;
    switch (which) {
    case SPLIT_FEATURE: text_add_integer(out, node->feature); break;
    case SPLIT_GAIN: text_add_double(out, (double)node->gain); break;
    case THRESHOLD: add_threshold(out, it, node, set); break;
    case DECISION_TYPE: text_add_integer(out, decision_type(it, node)); break;
    case LEFT_CHILD: text_add_integer(out, child_reference(w, it->left)); break;
    case RIGHT_CHILD: text_add_integer(out, child_reference(w, it->right)); break;
    case LEAF_VALUE: text_add_double(out, leaf_value(w, node)); break;
    case INTERNAL_VALUE: text_add_double(out, (double)node->weight); break;
    case LEAF_COUNT:
    case INTERNAL_COUNT: text_add_integer(out, count_of(w, node)); break;
    default: text_add_double(out, (double)node->cover);
    }
}

/* One line with a number per split or per leaf. */
static void add_line(const writer *w, field which, const tree_node *nodes) {
    bool of_leaves = which >= LEAF_VALUE && which <= LEAF_COUNT, first = true;
    size_t set = 0;
    text_add(w->out, field_names[which]);
    for (size_t i = 0; i < w->n; i++) {
        const item *it = &w->items[i];
        if ((it->kind == ITEM_LEAF) != of_leaves) continue;
        text_add(w->out, first ? "=" : " ");
        add_field(w, which, it, &nodes[it->node], set);
        set += it->kind == ITEM_SPLIT && nodes[it->node].categorical;
        first = false;
    }
    text_add(w->out, first ? "=\n" : "\n");
}

static bool has_set(const item *it, const tree_node *nodes) {
    return it->kind == ITEM_SPLIT && nodes[it->node].categorical;
}

static void add_sets(const writer *w, const tree_node *nodes) {
    const forest *model = w->model;
    size_t end = 0;
    text_add(w->out, "cat_boundaries=0");
    for (size_t i = 0; i < w->n; i++) {
        if (!has_set(&w->items[i], nodes)) continue;
        uint32_t set = nodes[w->items[i].node].set;
        end += model->set_end[set] - (set == 0 ? 0 : model->set_end[set - 1]);
        text_add(w->out, " ");
        text_add_integer(w->out, (int64_t)end);
    }
    text_add(w->out, "\ncat_threshold");
    const char *before = "=";
    for (size_t i = 0; i < w->n; i++) {
        if (!has_set(&w->items[i], nodes)) continue;
        uint32_t set = nodes[w->items[i].node].set;
        for (size_t k = set == 0 ? 0 : model->set_end[set - 1]; k < model->set_end[set]; k++, before = " ") {
            text_add(w->out, before);
            text_add_integer(w->out, model->set_words[k]);
        }
    }
    text_add(w->out, "\n");
}

static void add_named(text_buffer *out, const char *name, int64_t value) {
    text_add(out, name);
    text_add(out, "=");
    text_add_integer(out, value);
    text_add(out, "\n");
}

static void add_tree(writer *w, size_t number, const tree_node *nodes, size_t n) {
    size_t n_sets = 0;
    for (size_t i = 0; i < w->n; i++) n_sets += has_set(&w->items[i], nodes);
    w->unit = count_unit(nodes, n);
    add_named(w->out, "Tree", (int64_t)number);
    add_named(w->out, "num_leaves", w->n_leaves);
    add_named(w->out, "num_cat", (int64_t)n_sets);
    for (int f = 0; f < N_FIELDS; f++) add_line(w, (field)f, nodes);
    if (n_sets > 0) add_sets(w, nodes);
    text_add(w->out, "is_linear=0\nshrinkage=1\n\n\n");
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static void add_objective(text_buffer *out, const forest *model) {
    static const char *const names[] = {"regression", "binary sigmoid:1", "poisson", "multiclass num_class:"};
    text_add(out, "objective=");
    text_add(out, names[model->link]);
    if (model->link == MODEL_SOFTMAX) text_add_integer(out, model->n_outputs);
    text_add(out, "\n");
}

/* LightGBM's list of names is cut at blanks, and it refuses characters that mean something in JSON; both become '_',
** as it does itself. */
static void add_feature_name(text_buffer *out, const char *name) {
    for (const char *p = name; *p; p++) {
        bool bad = (unsigned char)*p <= ' ' || strchr("\",:[]{}=", *p);
        text_add_bytes(out, bad ? "_" : p, 1);
    }
}

static void add_features(text_buffer *out, const forest *model) {
    text_add(out, "feature_names=");
    for (int f = 0; f < model->n_features; f++) {
        if (f > 0) text_add(out, " ");
        if (model->feature_names) {
            add_feature_name(out, model->feature_names[f]);
        } else {
            text_add(out, "Column_");
            text_add_integer(out, f);
        }
    }
    text_add(out, "\nfeature_infos=");
    for (int f = 0; f < model->n_features; f++) {
        size_t n = model->categories ? model->categories[f].n : 0;
        if (f > 0) text_add(out, " ");
        if (n == 0) text_add(out, "none");
        for (size_t c = 0; c < n; c++) {
            if (c > 0) text_add(out, ":");
            text_add_integer(out, (int64_t)c);
        }
    }
    text_add(out, "\n");
}

/* What LightGBM's Python package recodes the categorical columns of a data frame by. */
static void add_pandas_categories(text_buffer *out, const forest *model) {
    bool any = false;
    text_add(out, "pandas_categorical:");
    for (int f = 0; f < model->n_features; f++) {
        size_t n = model->categories ? model->categories[f].n : 0;
        if (n == 0) continue;
        text_add(out, any ? ", [" : "[[");
        for (size_t c = 0; c < n; c++) {
            if (c > 0) text_add(out, ", ");
            text_add_quoted(out, model->categories[f].name[c]);
        }
        text_add(out, "]");
        any = true;
    }
    text_add(out, any ? "]\n" : "null\n");
}

/* The tree after `after` that adds to the output, or n_trees. */
static size_t next_tree(const forest *model, size_t after, int output) {
    while (after < model->n_trees && model->tree_output[after] != (uint32_t)output) after++;
    return after;
}

static athlete_status add_next_tree(writer *w, size_t number, size_t tree) {
    static const tree_node nothing = {.left = -1, .parent = -1};
    size_t start = tree < w->model->n_trees ? forest_tree_start(w->model, tree) : 0;
    const tree_node *nodes = tree < w->model->n_trees ? w->model->nodes + start : &nothing;
    size_t n = tree < w->model->n_trees ? w->model->tree_end[tree] - start : 1;
    athlete_status status = lay_out(w, nodes, n, tree);
    if (status == ATHLETE_OK) add_tree(w, number, nodes, n);
    return status;
}

/* Tree number t adds to output t % n_outputs there; an output that has fewer trees than others gets empty ones. */
static athlete_status add_trees(writer *w, athlete_poll *poll) {
    const forest *model = w->model;
    int n_outputs = model->n_outputs;
    size_t *next = memory_zeroed(w->budget, (size_t)n_outputs, sizeof *next);
    athlete_status status = next ? ATHLETE_OK : memory_status(w->budget);
    bool more = true;
    for (size_t number = 0; more && status == ATHLETE_OK;) {
        more = false;
        for (int k = 0; k < n_outputs && status == ATHLETE_OK; k++, number++) {
            size_t tree = next_tree(model, next[k], k);
            w->base = number < (size_t)n_outputs ? (double)model->base_margins[k] : 0;
            status = add_next_tree(w, number, tree);
            next[k] = tree < model->n_trees ? tree + 1 : tree;
            if (status == ATHLETE_OK) status = w->out->status;
            if (status == ATHLETE_OK && poll_due(poll, 2000 * w->n)) status = ATHLETE_INTERRUPTED;
        }
        for (int k = 0; k < n_outputs && !more && status == ATHLETE_OK; k++) {
            more = next_tree(model, next[k], k) < model->n_trees;
        }
    }
    memory_free(w->budget, next);
    return status;
}

athlete_status lightgbm_write(const forest *model, text_buffer *out, athlete_poll *poll, model_fault *fault) {
    writer w = {.model = model, .out = out, .budget = out->budget, .fault = fault};
    text_add(out, "tree\nversion=v4\n");
    add_named(out, "num_class", model->n_outputs);
    add_named(out, "num_tree_per_iteration", model->n_outputs);
    text_add(out, "label_index=0\n");
    add_named(out, "max_feature_idx", model->n_features - 1);
    add_objective(out, model);
    add_features(out, model);
    text_add(out, "\n");
    athlete_status status = add_trees(&w, poll);
    memory_free(w.budget, w.items);
    text_add(out, "end of trees\n\n");
    add_pandas_categories(out, model);
    return status == ATHLETE_OK ? out->status : status;
}
