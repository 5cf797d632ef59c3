/* Reads one tree. Nodes that no path reaches, which XGBoost leaves behind when it prunes, become leaves of their own. */
#include <math.h>
#include <string.h>
#include "trees/format/model_reader.h"

typedef enum tree_array {
    LEFT,
    RIGHT,
    PARENT,
    FEATURE,
    CONDITION,
    MISSING_LEFT,
    SPLIT_TYPE,
    GAIN,
    COVER,
    WEIGHT,
    N_TREE_ARRAYS
} tree_array;

static const char *const tree_array_names[N_TREE_ARRAYS] = {
    "left_children", "right_children", "parents",      "split_indices", "split_conditions",
    "default_left",  "split_type",     "loss_changes", "sum_hessian",   "base_weights",
};

static bool tree_fail_item(model_reader *r, tree_array array, int32_t node, const char *expected) {
    return reader_fail(r, "%s.%s[%d] is not %s", r->path, tree_array_names[array], (int)node, expected);
}

static bool read_node(model_reader *r, const number_list lists[N_TREE_ARRAYS], int32_t i, int32_t n,
                      tree_node *node) {
    double x[N_TREE_ARRAYS];
    for (int a = 0; a < N_TREE_ARRAYS; a++) x[a] = lists[a].values[i];
    if (!is_whole(x[LEFT], -1, n - 1)) return tree_fail_item(r, LEFT, i, "-1 or a node of the tree");
    if (!is_whole(x[RIGHT], -1, n - 1)) return tree_fail_item(r, RIGHT, i, "-1 or a node of the tree");
    if (!is_whole(x[PARENT], 0, MODEL_NO_PARENT)) return tree_fail_item(r, PARENT, i, "a node");
    if (!is_whole(x[FEATURE], 0, UINT32_MAX)) return tree_fail_item(r, FEATURE, i, "a feature");
    bool names = x[SPLIT_TYPE] != 0 && x[LEFT] >= 0; /* of which XGBoost before 3.0 has NaN for a threshold */
    if (names && isnan(x[CONDITION])) x[CONDITION] = 0;
    if (!is_float(x[CONDITION])) return tree_fail_item(r, CONDITION, i, "a finite float32");
    if (!is_whole(x[MISSING_LEFT], 0, 1)) return tree_fail_item(r, MISSING_LEFT, i, "0 or 1");
    if (!is_whole(x[SPLIT_TYPE], 0, 1)) return tree_fail_item(r, SPLIT_TYPE, i, "0 or 1");
    if (!is_float(x[GAIN])) return tree_fail_item(r, GAIN, i, "a finite float32");
    if (!is_float(x[COVER])) return tree_fail_item(r, COVER, i, "a finite float32");
    if (!is_float(x[WEIGHT])) return tree_fail_item(r, WEIGHT, i, "a finite float32");
    *node = (tree_node){
        .left = (int32_t)x[LEFT],
        .feature = (uint32_t)x[FEATURE],
        .value = (float)x[CONDITION],
        .missing_left = x[MISSING_LEFT] != 0,
        .categorical = names,
        .parent = (int32_t)x[PARENT],
        .gain = (float)x[GAIN],
        .cover = (float)x[COVER],
        .weight = (float)x[WEIGHT],
    };
    int32_t right = (int32_t)x[RIGHT];
    if ((node->left < 0) != (right < 0))
        return tree_fail_item(r, RIGHT, i, "-1 exactly where left_children is");
    if (node->left >= 0 && right != node->left + 1) {
        return tree_fail_item(r, RIGHT, i, "the node after the left child");
    }
    return true;
}

static bool read_nodes(model_reader *r, const cJSON *tree, int32_t n, tree_node *nodes) {
    number_list lists[N_TREE_ARRAYS];
    for (int a = 0; a < N_TREE_ARRAYS; a++) {
        if (!reader_numbers(r, tree, tree_array_names[a], &lists[a])) return false;
        if (lists[a].n != (size_t)n) {
            return reader_fail(r, "%s.%s has %zu items, the tree has %d nodes", r->path, tree_array_names[a],
                               lists[a].n, (int)n);
        }
        if (lists[a].has_flags && a != MISSING_LEFT) {
            return reader_fail(r, "%s.%s has true or false among its numbers", r->path, tree_array_names[a]);
        }
    }
    for (int32_t i = 0; i < n; i++) {
        if (!read_node(r, lists, i, n, &nodes[i])) return false;
    }
    return true;
}

/* What the walk from the root is made in; each has room for n nodes. */
typedef struct model_walk {
    int32_t *queue;
    bool *met;
} model_walk;

static bool model_meet(model_reader *r, const tree_node *nodes, int32_t id, int32_t child, bool *met) {
    if (met[child]) return reader_fail(r, "%s: node %d is reached twice", r->path, (int)child);
    if (nodes[child].parent != id) {
        return reader_fail(r, "%s.parents[%d] is not %d, whose child it is", r->path, (int)child, (int)id);
    }
    met[child] = true;
    return true;
}

/* Proves that what the root reaches is a tree, level by level: every node is met once, by the parent it names. */
static bool model_walk_tree(model_reader *r, const tree_node *nodes, model_walk w) {
    int32_t head = 0, tail = 0, level_end = 1, depth = 0;
    if (nodes[0].parent != MODEL_NO_PARENT) {
        return reader_fail(r, "%s.parents[0] is not %d, that of a root", r->path, MODEL_NO_PARENT);
    }
    w.met[0] = true;
    for (w.queue[tail++] = 0; head < tail; head++) {
        if (head == level_end) {
            level_end = tail;
            if (++depth > ATHLETE_MODEL_MAX_DEPTH) {
                return reader_fail(r, "%s is deeper than %d", r->path, ATHLETE_MODEL_MAX_DEPTH);
            }
        }
        int32_t id = w.queue[head];
        const tree_node *node = &nodes[id];
        if (node->left < 0) continue;
        if (node->feature >= (uint32_t)r->model->n_features) {
            return reader_fail(r, "%s.split_indices[%d] is %u, the model has %d features", r->path, (int)id,
                               (unsigned)node->feature, r->model->n_features);
        }
        for (int32_t child = node->left; child <= node->left + 1; child++) {
            if (!model_meet(r, nodes, id, child, w.met)) return false;
            w.queue[tail++] = child;
        }
    }
    return true;
}

/* A build with ATHLETE_TRUST_MODELS shows a fuzzer what the walk is there to prevent, and is good for nothing else. */
static bool check_shape(model_reader *r, tree_node *nodes, int32_t n) {
#ifndef ATHLETE_TRUST_MODELS
    model_walk w = {memory_alloc(r->budget, (size_t)n, sizeof *w.queue),
                    memory_zeroed(r->budget, (size_t)n, sizeof *w.met)};
    if (!w.queue || !w.met) r->status = memory_status(r->budget);
    else if (model_walk_tree(r, nodes, w)) {
        for (int32_t id = 0; id < n; id++) {
            if (!w.met[id]) nodes[id] = (tree_node){.left = -1, .parent = -1};
        }
    }
    memory_free(r->budget, w.queue);
    memory_free(r->budget, w.met);
#else
    (void)n, (void)model_walk_tree;
#endif
    nodes[0].parent = -1;
    return r->status == ATHLETE_OK;
}

bool model_read_tree(model_reader *r, const cJSON *tree, int output) {
    const cJSON *parameters = reader_object(r, tree, "tree_param");
    int32_t n = reader_count(r, parameters, "num_nodes", INT32_MAX - 1);
    int32_t leaf_size = reader_count(r, parameters, "size_leaf_vector", INT32_MAX - 1);
    int32_t n_features = reader_count(r, parameters, "num_feature", INT32_MAX - 1);
    reader_count(r, parameters, "num_deleted", INT32_MAX - 1);
    number_list left;
    if (!reader_numbers(r, tree, tree_array_names[LEFT], &left)) return false;
    if (leaf_size > 1) {
        return reader_fail(r, "%s has leaves of %d values, which are not supported", r->path, (int)leaf_size);
    }
    if (n_features != r->model->n_features) {
        return reader_fail(r, "%s.tree_param.num_feature is %d, the model has %d", r->path, (int)n_features,
                           r->model->n_features);
    }
    if (n < 1) return reader_fail(r, "%s has no nodes", r->path);
    if (left.n != (size_t)n) { /* before memory is taken for as many nodes as the text claims */
        return reader_fail(r, "%s.left_children has %zu items, the tree has %d nodes", r->path, left.n,
                           (int)n);
    }
    tree_node *nodes;
    r->status = forest_add_tree(r->budget, r->model, (size_t)n, output, &nodes);
    return r->status == ATHLETE_OK && read_nodes(r, tree, n, nodes) && check_shape(r, nodes, n) &&
           model_read_sets(r, tree, nodes, n);
}
