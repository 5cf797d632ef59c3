#include "trees/format/lightgbm_write_tree.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include "trees/format/lightgbm.h"

#define ABOVE_EVERYTHING 1e300 /* what LightGBM takes for infinity */

#define MAX_COPIES 16 /* of a tree's nodes, for missing values that go with categories */

/* --- laying out a tree ---------------------------------------------------------------------------------- */

static athlete_status add_item(lightgbm_writer *w, int32_t node, bool found, const tree_node *nodes,
                               int32_t *index) {
    athlete_status status = memory_reserve(w->budget, &w->items, &w->capacity, w->n + 1);
    if (status != ATHLETE_OK) return status;
    const tree_node *source = &nodes[node];
    lightgbm_item_kind kind = source->left < 0                                         ? ITEM_LEAF
                              : source->categorical && !source->missing_left && !found ? ITEM_MISSING
                                                                                       : ITEM_SPLIT;
    *index = (int32_t)w->n;
    w->items[w->n++] = (lightgbm_item){.kind = kind, .found = found, .node = node};
    return ATHLETE_OK;
}

/* A set's members go right here and left in LightGBM. */
static athlete_status lay_out(lightgbm_writer *w, const tree_node *nodes, size_t n, size_t tree) {
    int32_t root, n_splits = 0;
    w->n = 0;
    w->n_leaves = 0;
    athlete_status status = add_item(w, 0, false, nodes, &root);
    for (size_t i = 0; i < w->n && status == ATHLETE_OK; i++) {
        lightgbm_item_kind kind = w->items[i].kind;
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
            return fault_refuse(
                w->fault,
                "tree %zu has too many splits by category under one another in which missing values go "
                "with the categories, which LightGBM cannot express without repeating what is below",
                tree);
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

static double lightgbm_leaf_value(const lightgbm_writer *w, const tree_node *node) {
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

static int64_t count_of(const lightgbm_writer *w, const tree_node *node) {
    double count = floor((double)node->cover * w->unit + 0.5);
    return count < 1 ? 1 : (int64_t)count;
}

/* --- lines ---------------------------------------------------------------------------------------------- */

typedef enum tree_field {
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
    N_TREE_FIELDS
} tree_field;

static const char *const field_names[N_TREE_FIELDS] = {
    "split_feature", "split_gain",  "threshold",  "decision_type",  "left_child",      "right_child",
    "leaf_value",    "leaf_weight", "leaf_count", "internal_value", "internal_weight", "internal_count",
};

static int32_t child_reference(const lightgbm_writer *w, int32_t child) {
    const lightgbm_item *it = &w->items[child];
    return it->kind == ITEM_LEAF ? ~it->index : it->index;
}

static int decision_type(const lightgbm_item *it, const tree_node *node) {
    if (it->kind == ITEM_MISSING) return LIGHTGBM_MISSING_NAN;
    if (node->categorical) return LIGHTGBM_CATEGORICAL | LIGHTGBM_MISSING_NAN;
    return LIGHTGBM_MISSING_NAN | (node->missing_left ? LIGHTGBM_DEFAULT_LEFT : 0);
}

static void add_threshold(text_buffer *out, const lightgbm_item *it, const tree_node *node, size_t set) {
    if (it->kind == ITEM_MISSING) text_add_double(out, ABOVE_EVERYTHING);
    else if (node->categorical) text_add_integer(out, (int64_t)set);
    else text_add_double(out, threshold_below(node->value));
}

static void add_field(const lightgbm_writer *w, tree_field which, const lightgbm_item *it,
                      const tree_node *node, size_t set) {
    text_buffer *out = w->out;
    switch (which) {
    case SPLIT_FEATURE: text_add_integer(out, node->feature); break;
    case SPLIT_GAIN: text_add_double(out, (double)node->gain); break;
    case THRESHOLD: add_threshold(out, it, node, set); break;
    case DECISION_TYPE: text_add_integer(out, decision_type(it, node)); break;
    case LEFT_CHILD: text_add_integer(out, child_reference(w, it->left)); break;
    case RIGHT_CHILD: text_add_integer(out, child_reference(w, it->right)); break;
    case LEAF_VALUE: text_add_double(out, lightgbm_leaf_value(w, node)); break;
    case INTERNAL_VALUE: text_add_double(out, (double)node->weight); break;
    case LEAF_COUNT:
    case INTERNAL_COUNT: text_add_integer(out, count_of(w, node)); break;
    default: text_add_double(out, (double)node->cover);
    }
}

/* One line with a number per split or per leaf. */
static void add_line(const lightgbm_writer *w, tree_field which, const tree_node *nodes) {
    bool of_leaves = which >= LEAF_VALUE && which <= LEAF_COUNT, first = true;
    size_t set = 0;
    text_add(w->out, field_names[which]);
    for (size_t i = 0; i < w->n; i++) {
        const lightgbm_item *it = &w->items[i];
        if ((it->kind == ITEM_LEAF) != of_leaves) continue;
        text_add(w->out, first ? "=" : " ");
        add_field(w, which, it, &nodes[it->node], set);
        set += it->kind == ITEM_SPLIT && nodes[it->node].categorical;
        first = false;
    }
    text_add(w->out, first ? "=\n" : "\n");
}

static bool has_set(const lightgbm_item *it, const tree_node *nodes) {
    return it->kind == ITEM_SPLIT && nodes[it->node].categorical;
}

static void lightgbm_add_sets(const lightgbm_writer *w, const tree_node *nodes) {
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

void lightgbm_add_number(text_buffer *out, const char *name, int64_t value) {
    text_add(out, name);
    text_add(out, "=");
    text_add_integer(out, value);
    text_add(out, "\n");
}

static void lightgbm_add_tree(lightgbm_writer *w, size_t number, const tree_node *nodes, size_t n) {
    size_t n_sets = 0;
    for (size_t i = 0; i < w->n; i++) n_sets += has_set(&w->items[i], nodes);
    w->unit = count_unit(nodes, n);
    lightgbm_add_number(w->out, "Tree", (int64_t)number);
    lightgbm_add_number(w->out, "num_leaves", w->n_leaves);
    lightgbm_add_number(w->out, "num_cat", (int64_t)n_sets);
    for (int f = 0; f < N_TREE_FIELDS; f++) add_line(w, (tree_field)f, nodes);
    if (n_sets > 0) lightgbm_add_sets(w, nodes);
    text_add(w->out, "is_linear=0\nshrinkage=1\n\n\n");
}

athlete_status lightgbm_write_tree(lightgbm_writer *w, size_t number, const tree_node *nodes, size_t n,
                                   size_t tree) {
    athlete_status status = lay_out(w, nodes, n, tree);
    if (status == ATHLETE_OK) lightgbm_add_tree(w, number, nodes, n);
    return status;
}
