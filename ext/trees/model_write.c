#include <string.h>
#include "trees/model.h"

/* XGBoost's "no parent" (std::numeric_limits<int32_t>::max()). */
#define NO_PARENT 2147483647

typedef void add_member(text_buffer *out, const tree_node *node);

static void add_cover(text_buffer *out, const tree_node *node) {
    text_add_float(out, node->cover);
}
static void add_gain(text_buffer *out, const tree_node *node) {
    text_add_float(out, node->gain);
}
static void add_weight(text_buffer *out, const tree_node *node) {
    text_add_float(out, node->weight);
}
static void add_value(text_buffer *out, const tree_node *node) {
    text_add_float(out, node->value);
}
static void add_feature(text_buffer *out, const tree_node *node) {
    text_add_integer(out, node->feature);
}
static void add_default(text_buffer *out, const tree_node *node) {
    text_add_integer(out, node->missing_left);
}
static void add_left(text_buffer *out, const tree_node *node) {
    text_add_integer(out, node->left);
}
static void add_right(text_buffer *out, const tree_node *node) {
    text_add_integer(out, node->left < 0 ? -1 : node->left + 1);
}
static void add_parent(text_buffer *out, const tree_node *node) {
    text_add_integer(out, node->parent < 0 ? NO_PARENT : node->parent);
}
static void add_zero(text_buffer *out, const tree_node *node) {
    (void)node, text_add(out, "0");
}

static void add_array(text_buffer *out, const char *name, const tree_node *nodes, size_t n,
                      add_member *member) {
    text_add_quoted(out, name);
    text_add(out, ":[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0) text_add(out, ",");
        member(out, &nodes[i]);
    }
    text_add(out, "],");
}

/* `"name":"17"`: XGBoost keeps the numbers of its parameter blocks as strings. */
static void add_count(text_buffer *out, const char *name, size_t count) {
    text_add_quoted(out, name);
    text_add(out, ":\"");
    text_add_integer(out, (int64_t)count);
    text_add(out, "\"");
}

static void add_tree(text_buffer *out, const forest *model, size_t tree) {
    size_t start = forest_tree_start(model, tree), n = model->tree_end[tree] - start;
    const tree_node *nodes = model->nodes + start;
    text_add(out, "{");
    add_array(out, "base_weights", nodes, n, add_weight);
    text_add(out,
             "\"categories\":[],\"categories_nodes\":[],\"categories_segments\":[],\"categories_sizes\":[],");
    add_array(out, "default_left", nodes, n, add_default);
    text_add(out, "\"id\":");
    text_add_integer(out, (int64_t)tree);
    text_add(out, ",");
    add_array(out, "left_children", nodes, n, add_left);
    add_array(out, "loss_changes", nodes, n, add_gain);
    add_array(out, "parents", nodes, n, add_parent);
    add_array(out, "right_children", nodes, n, add_right);
    add_array(out, "split_conditions", nodes, n, add_value);
    add_array(out, "split_indices", nodes, n, add_feature);
    add_array(out, "split_type", nodes, n, add_zero);
    add_array(out, "sum_hessian", nodes, n, add_cover);
    text_add(out, "\"tree_param\":{\"num_deleted\":\"0\",");
    add_count(out, "num_feature", (size_t)model->n_features);
    text_add(out, ",");
    add_count(out, "num_nodes", n);
    text_add(out, ",\"size_leaf_vector\":\"1\"}}");
}

static void add_attributes(text_buffer *out, const model_attribute *attributes) {
    text_add(out, "\"attributes\":{");
    for (const model_attribute *a = attributes; a->name; a++) {
        if (a > attributes) text_add(out, ",");
        text_add_quoted(out, a->name);
        text_add(out, ":");
        text_add_quoted(out, a->value);
    }
    text_add(out, "},");
}

static void add_feature_names(text_buffer *out, const forest *model, const char *const *names) {
    text_add(out, "\"feature_names\":[");
    for (int f = 0; names && f < model->n_features; f++) {
        if (f > 0) text_add(out, ",");
        text_add_quoted(out, names[f]);
    }
    text_add(out, "],\"feature_types\":[],");
}

/* base_score is a scalar: version 1.7 takes the newer "[5E-1]" for 0.5 without a word, and version 3 reads both. */
static void add_learner_parameters(text_buffer *out, const forest *model, const char *objective) {
    text_add(out, "\"learner_model_param\":{\"base_score\":\"");
    text_add_float(out, model->base_scores[0]);
    text_add(out, "\",\"boost_from_average\":\"1\",\"num_class\":\"0\",");
    add_count(out, "num_feature", (size_t)model->n_features);
    text_add(out, ",\"num_target\":\"1\"},\"objective\":{\"name\":");
    text_add_quoted(out, objective);
    if (strcmp(objective, "reg:absoluteerror") != 0)
        text_add(out, ",\"reg_loss_param\":{\"scale_pos_weight\":\"1\"}");
    text_add(out, "}");
}

athlete_status model_write(const forest *model, const model_description *description, text_buffer *out,
                           athlete_poll *poll) {
    text_add(out, "{\"learner\":{");
    add_attributes(out, description->attributes);
    add_feature_names(out, model, description->feature_names);
    text_add(out, "\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{\"num_parallel_tree\":\"1\",");
    add_count(out, "num_trees", model->n_trees);
    text_add(out, ",\"size_leaf_vector\":\"0\"},\"tree_info\":[");
    for (size_t t = 0; t < model->n_trees; t++) text_add(out, t > 0 ? ",0" : "0");
    text_add(out, "],\"trees\":[");
    for (size_t t = 0; t < model->n_trees; t++) {
        if (t > 0) text_add(out, ",");
        add_tree(out, model, t);
        if (poll_due(poll, 1000 * (model->tree_end[t] - forest_tree_start(model, t))))
            return ATHLETE_INTERRUPTED;
    }
    text_add(out, "]},\"name\":\"gbtree\"},");
    add_learner_parameters(out, model, description->objective);
    text_add(out, "},\"version\":[1,7,4]}");
    return out->status;
}
