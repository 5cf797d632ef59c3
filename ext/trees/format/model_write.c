#include <string.h>
#include "base/numbers/float_text.h"
#include "trees/model/model_objective.h"

/* Writes a node's member of an array, in up to MEMBER_SIZE bytes, and returns the length. */
typedef int write_member(const tree_node *node, char *out);
#define MEMBER_SIZE ATHLETE_INTEGER_TEXT_SIZE
_Static_assert(MEMBER_SIZE >= ATHLETE_FLOAT_TEXT_SIZE, "a member is an integer or a float");

static int write_cover(const tree_node *node, char *out) {
    return float_text(node->cover, out);
}
static int write_gain(const tree_node *node, char *out) {
    return float_text(node->gain, out);
}
static int write_weight(const tree_node *node, char *out) {
    return float_text(node->weight, out);
}
static int write_value(const tree_node *node, char *out) {
    return float_text(node->categorical ? 0 : node->value, out);
}
static int write_feature(const tree_node *node, char *out) {
    return integer_text(node->feature, out);
}
static int write_default(const tree_node *node, char *out) {
    return integer_text(node->missing_left, out);
}
static int model_write_left(const tree_node *node, char *out) {
    return integer_text(node->left, out);
}
static int write_right(const tree_node *node, char *out) {
    return integer_text(node->left < 0 ? -1 : node->left + 1, out);
}
static int write_parent(const tree_node *node, char *out) {
    return integer_text(node->parent < 0 ? MODEL_NO_PARENT : node->parent, out);
}
static int write_type(const tree_node *node, char *out) {
    return integer_text(node->categorical, out);
}

static void add_array(text_buffer *out, const char *name, const tree_node *nodes, size_t n,
                      write_member *member) {
    text_add_quoted(out, name);
    text_add(out, ":[");
    char *start = text_room(out, n * (MEMBER_SIZE + 1)), *p = start;
    for (size_t i = 0; start && i < n; i++) {
        if (i > 0) *p++ = ',';
        p += member(&nodes[i], p);
    }
    if (start) text_wrote(out, (size_t)(p - start));
    text_add(out, "],");
}

/* `"name":"17"`: XGBoost keeps the numbers of its parameter blocks as strings. */
static void add_count(text_buffer *out, const char *name, size_t count) {
    text_add_quoted(out, name);
    text_add(out, ":\"");
    text_add_integer(out, (int64_t)count);
    text_add(out, "\"");
}

/* --- sets of categories --------------------------------------------------------------------------------- */

/* The members of a set, each after a comma but the very first; returns how many there are. */
static size_t add_members(text_buffer *out, const forest *model, uint32_t set, bool first) {
    size_t start = set == 0 ? 0 : model->set_end[set - 1], n = 0;
    for (size_t w = start; w < model->set_end[set]; w++) {
        for (uint32_t bit = 0; bit < 32; bit++) {
            if (!(model->set_words[w] >> bit & 1)) continue;
            if (out && !(first && n == 0)) text_add(out, ",");
            if (out) text_add_integer(out, (int64_t)((w - start) * 32 + bit));
            n++;
        }
    }
    return n;
}

static void model_add_sets(text_buffer *out, const forest *model, const tree_node *nodes, size_t n) {
    static const char *const names[] = {"categories", "categories_nodes", "categories_segments",
                                        "categories_sizes"};
    for (int array = 0; array < 4; array++) {
        size_t end = 0;
        text_add_quoted(out, names[array]);
        text_add(out, ":[");
        for (size_t i = 0; i < n; i++) {
            if (!nodes[i].categorical) continue;
            bool first = end == 0;
            size_t size = add_members(array == 0 ? out : NULL, model, nodes[i].set, first);
            const size_t item[] = {0, i, end, size};
            end += size;
            if (array == 0) continue;
            if (!first) text_add(out, ",");
            text_add_integer(out, (int64_t)item[array]);
        }
        text_add(out, "],");
    }
}

/* --- a tree --------------------------------------------------------------------------------------------- */

static void model_add_tree(text_buffer *out, const forest *model, size_t tree) {
    size_t start = forest_tree_start(model, tree), n = model->tree_end[tree] - start;
    const tree_node *nodes = model->nodes + start;
    text_add(out, "{");
    add_array(out, "base_weights", nodes, n, write_weight);
    model_add_sets(out, model, nodes, n);
    add_array(out, "default_left", nodes, n, write_default);
    text_add(out, "\"id\":");
    text_add_integer(out, (int64_t)tree);
    text_add(out, ",");
    add_array(out, "left_children", nodes, n, model_write_left);
    add_array(out, "loss_changes", nodes, n, write_gain);
    add_array(out, "parents", nodes, n, write_parent);
    add_array(out, "right_children", nodes, n, write_right);
    add_array(out, "split_conditions", nodes, n, write_value);
    add_array(out, "split_indices", nodes, n, write_feature);
    add_array(out, "split_type", nodes, n, write_type);
    add_array(out, "sum_hessian", nodes, n, write_cover);
    text_add(out, "\"tree_param\":{\"num_deleted\":\"0\",");
    add_count(out, "num_feature", (size_t)model->n_features);
    text_add(out, ",");
    add_count(out, "num_nodes", n);
    text_add(out, ",\"size_leaf_vector\":\"1\"}}");
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static void add_attribute(text_buffer *out, bool first, const char *name, const char *value) {
    if (!first) text_add(out, ",");
    text_add_quoted(out, name);
    text_add(out, ":");
    text_add_quoted(out, value);
}

static void add_names(text_buffer *out, const category_names *names) {
    text_add(out, "[");
    for (size_t c = 0; c < names->n; c++) {
        if (c > 0) text_add(out, ",");
        text_add_quoted(out, names->name[c]);
    }
    text_add(out, "]");
}

static bool has_category_names(const forest *model) {
    int f = 0;
    while (model->categories && f < model->n_features && model->categories[f].n == 0) f++;
    return model->categories && f < model->n_features;
}

/* `[[],["ride","run"]]`, a JSON text that stands inside a string of the model's; nothing where no feature has names. */
static void write_categories(text_buffer *out, const forest *model) {
    if (!has_category_names(model)) return;
    for (int f = 0; f < model->n_features; f++) {
        text_add(out, f == 0 ? "[" : ",");
        add_names(out, &model->categories[f]);
    }
    text_add(out, "]");
}

/* `["ride","run"]`, likewise. */
static void write_classes(text_buffer *out, const forest *model) {
    if (model->classes.n > 0) add_names(out, &model->classes);
}

/* The attributes of names, each where its own name belongs. */
static void add_attributes(text_buffer *out, const forest *model, const model_attribute *attributes) {
    static const struct {
        const char *name;
        void (*write)(text_buffer *out, const forest *model);
    } own[] = {{ATHLETE_CATEGORIES_ATTRIBUTE, write_categories}, {ATHLETE_CLASSES_ATTRIBUTE, write_classes}};
    const model_attribute *a = attributes;
    bool first = true;
    text_add(out, "\"attributes\":{");
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        for (; a->name && strcmp(a->name, own[i].name) < 0; a++, first = false)
            add_attribute(out, first, a->name, a->value);
        text_buffer text = {.budget = out->budget};
        own[i].write(&text, model);
        if (text.status != ATHLETE_OK) out->status = text.status;
        if (text.length > 0 && out->status == ATHLETE_OK) {
            add_attribute(out, first, own[i].name, text.bytes);
            first = false;
        }
        memory_free(out->budget, text.bytes);
    }
    for (; a->name; a++, first = false) add_attribute(out, first, a->name, a->value);
    text_add(out, "},");
}

static void add_feature_names(text_buffer *out, const forest *model, const char *const *names) {
    if (!names) names = model->feature_names;
    text_add(out, "\"feature_names\":[");
    for (int f = 0; names && f < model->n_features; f++) {
        if (f > 0) text_add(out, ",");
        text_add_quoted(out, names[f]);
    }
    text_add(out, "],");
}

/* "c" or "q" per feature if there is a categorical one, which is one with names or with a split by category. */
static void add_feature_types(text_buffer *out, const forest *model) {
    bool *categorical = memory_zeroed(out->budget, (size_t)model->n_features, sizeof *categorical),
         any = false;
    if (!categorical) {
        out->status = memory_status(out->budget);
        return;
    }
    for (size_t i = 0; i < model->n_nodes; i++) {
        if (model->nodes[i].left >= 0 && model->nodes[i].categorical) {
            any = categorical[model->nodes[i].feature] = true;
        }
    }
    for (int f = 0; model->categories && f < model->n_features; f++) {
        if (model->categories[f].n > 0) any = categorical[f] = true;
    }
    text_add(out, "\"feature_types\":[");
    for (int f = 0; any && f < model->n_features; f++) {
        text_add(out, f > 0 ? "," : "");
        text_add(out, categorical[f] ? "\"c\"" : "\"q\"");
    }
    text_add(out, "],");
    memory_free(out->budget, categorical);
}

/* A scalar if one number does: version 1.7 takes the newer "[5E-1]" for 0.5 without a word, and version 3 reads both
** and gives every class the scalar. */
static void add_base_scores(text_buffer *out, const forest *model) {
    bool equal = true;
    for (int k = 1; k < model->n_outputs; k++) equal &= model->base_scores[k] == model->base_scores[0];
    if (!equal) text_add(out, "[");
    for (int k = 0; k < (equal ? 1 : model->n_outputs); k++) {
        if (k > 0) text_add(out, ",");
        text_add_float(out, model->base_scores[k]);
    }
    if (!equal) text_add(out, "]");
}

/* Which evaluation and further training in XGBoost go by; without one known, its default. */
static void add_variance_power(text_buffer *out, double power) {
    text_add(out, ",\"tweedie_regression_param\":{\"tweedie_variance_power\":\"");
    text_add_float(out, power > 0 ? (float)power : 1.5f);
    text_add(out, "\"}");
}

static void add_learner_parameters(text_buffer *out, const forest *model,
                                   const model_description *description) {
    const char *name = description->objective;
    const model_objective *objective = model_objective_find(name);
    size_t n_classes = model->link == MODEL_SOFTMAX ? (size_t)model->n_outputs : 0;
    text_add(out, "\"learner_model_param\":{\"base_score\":\"");
    add_base_scores(out, model);
    text_add(out, "\",\"boost_from_average\":\"1\",");
    add_count(out, "num_class", n_classes);
    text_add(out, ",");
    add_count(out, "num_feature", (size_t)model->n_features);
    text_add(out, ",");
    add_count(out, "num_target", n_classes > 0 ? 1 : (size_t)model->n_outputs);
    text_add(out, "},\"objective\":{\"name\":");
    text_add_quoted(out, name);
    if (objective && objective->parameters) {
        text_add(out, ",");
        text_add(out, objective->parameters);
    } else if (strcmp(name, "reg:tweedie") == 0) {
        add_variance_power(out, description->variance_power);
    } else if (n_classes > 0) {
        text_add(out, ",\"softmax_multiclass_param\":{");
        add_count(out, "num_class", n_classes);
        text_add(out, "}");
    }
    text_add(out, "}");
}

athlete_status model_write(const forest *model, const model_description *description, text_buffer *out,
                           athlete_poll *poll) {
    text_add(out, "{\"learner\":{");
    add_attributes(out, model, description->attributes);
    add_feature_names(out, model, description->feature_names);
    add_feature_types(out, model);
    size_t parallel = model->round_trees / (size_t)model->n_outputs;
    text_add(out, "\"gradient_booster\":{\"model\":{\"gbtree_model_param\":{");
    add_count(out, "num_parallel_tree", parallel > 1 ? parallel : 1);
    text_add(out, ",");
    add_count(out, "num_trees", model->n_trees);
    text_add(out, ",\"size_leaf_vector\":\"0\"},\"tree_info\":[");
    for (size_t t = 0; t < model->n_trees; t++) {
        if (t > 0) text_add(out, ",");
        text_add_integer(out, model->tree_output[t]);
    }
    text_add(out, "],\"trees\":[");
    for (size_t t = 0; t < model->n_trees; t++) {
        if (t > 0) text_add(out, ",");
        model_add_tree(out, model, t);
        if (poll_due(poll, 1000 * (model->tree_end[t] - forest_tree_start(model, t))))
            return ATHLETE_INTERRUPTED;
    }
    text_add(out, "]},\"name\":\"gbtree\"},");
    add_learner_parameters(out, model, description);
    text_add(out, "},\"version\":[1,7,4]}");
    return out->status;
}
