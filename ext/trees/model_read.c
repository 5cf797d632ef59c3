/* Reads XGBoost's JSON models. XGBoost's own reader trusts the file ("will crash due to a memory read error", its
** doc/security.rst); this one trusts nothing. What prediction relies on, and what is therefore proved here:
**   - every tree is a tree: walking from the root, each child is in range and is met once, by the parent it names;
**   - the right child follows the left one, which XGBoost's predictor assumes without a check;
**   - features are below num_feature, thresholds and leaves finite in float32;
**   - nothing of another kind (categories, several classes or targets, DART, linear) is taken for what it is not.
** Nodes that no path reaches, which XGBoost leaves behind when it prunes, are not looked at. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/json_text.h"
#include "trees/float_math.h"
#include "trees/model.h"

#define NO_PARENT 2147483647

typedef struct reader {
    athlete_budget *budget;
    forest *model;
    model_fault *fault;
    athlete_status status;
    char path[128]; /* of the object being read: "learner.gradient_booster.model.trees[3]" */
} reader;

#ifdef __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
static bool
fail(reader *r, const char *format, ...) {
    if (r->status != ATHLETE_OK) return false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->fault->text, sizeof r->fault->text, format, arguments);
    va_end(arguments);
    r->status = ATHLETE_INVALID;
    return false;
}

/* --- members -------------------------------------------------------------------------------------------- */

static const cJSON *find(reader *r, const cJSON *object, const char *name) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!member) fail(r, "%s.%s is missing", r->path, name);
    return member;
}

static const cJSON *find_object(reader *r, const cJSON *object, const char *name) {
    const cJSON *member = find(r, object, name);
    if (member && !cJSON_IsObject(member)) fail(r, "%s.%s is not an object", r->path, name);
    return r->status == ATHLETE_OK ? member : NULL;
}

static const cJSON *find_array(reader *r, const cJSON *object, const char *name) {
    const cJSON *member = find(r, object, name);
    if (member && !cJSON_IsArray(member)) fail(r, "%s.%s is not an array", r->path, name);
    return r->status == ATHLETE_OK ? member : NULL;
}

static const char *find_string(reader *r, const cJSON *object, const char *name) {
    const cJSON *member = find(r, object, name);
    if (member && !cJSON_IsString(member)) fail(r, "%s.%s is not a string", r->path, name);
    return r->status == ATHLETE_OK ? member->valuestring : NULL;
}

/* A count that is kept as a string of digits, from 0 to `max`; -1 after a failure. */
static int32_t find_count(reader *r, const cJSON *object, const char *name, int32_t max) {
    const char *digits = find_string(r, object, name);
    if (!digits) return -1;
    int64_t count = 0;
    const char *p = digits;
    for (; *p >= '0' && *p <= '9' && count <= max; p++) count = 10 * count + (*p - '0');
    if (p == digits || *p || count > max) {
        fail(r, "%s.%s is \"%.20s\", not a whole number from 0 to %d", r->path, name, digits, (int)max);
        return -1;
    }
    return (int32_t)count;
}

/* --- one tree ------------------------------------------------------------------------------------------- */

typedef enum tree_array {
    LEFT,
    RIGHT,
    PARENT,
    FEATURE,
    CONDITION,
    DEFAULT_LEFT,
    SPLIT_TYPE,
    GAIN,
    COVER,
    WEIGHT,
    N_TREE_ARRAYS
} tree_array;

static const char *const array_names[N_TREE_ARRAYS] = {
    "left_children", "right_children", "parents",      "split_indices", "split_conditions",
    "default_left",  "split_type",     "loss_changes", "sum_hessian",   "base_weights",
};

static bool is_whole(const cJSON *item, double min, double max) {
    double x = item->valuedouble;
    return cJSON_IsNumber(item) && x >= min && x <= max && x == floor(x);
}

/* What rounds to a finite float32: "3.4028235E38", the shortest text of the largest, is a little above it. */
static bool is_float(const cJSON *item) {
    return cJSON_IsNumber(item) && fabs(item->valuedouble) < 0x1.ffffffp+127;
}

static bool fail_item(reader *r, tree_array array, size_t node, const char *expected) {
    return fail(r, "%s.%s[%zu] is not %s", r->path, array_names[array], node, expected);
}

static bool read_node(reader *r, const cJSON *const item[N_TREE_ARRAYS], size_t i, int32_t n,
                      tree_node *node) {
    if (!is_whole(item[LEFT], -1, n - 1)) return fail_item(r, LEFT, i, "-1 or a node of the tree");
    if (!is_whole(item[RIGHT], -1, n - 1)) return fail_item(r, RIGHT, i, "-1 or a node of the tree");
    if (!is_whole(item[PARENT], 0, NO_PARENT)) return fail_item(r, PARENT, i, "a node");
    if (!is_whole(item[FEATURE], 0, UINT32_MAX)) return fail_item(r, FEATURE, i, "a feature");
    if (!is_float(item[CONDITION])) return fail_item(r, CONDITION, i, "a finite float32");
    if (!cJSON_IsBool(item[DEFAULT_LEFT]) && !is_whole(item[DEFAULT_LEFT], 0, 1)) {
        return fail_item(r, DEFAULT_LEFT, i, "0 or 1");
    }
    if (!is_whole(item[SPLIT_TYPE], 0, 0))
        return fail_item(r, SPLIT_TYPE, i, "0: splits by category are not supported");
    if (!is_float(item[GAIN])) return fail_item(r, GAIN, i, "a finite float32");
    if (!is_float(item[COVER])) return fail_item(r, COVER, i, "a finite float32");
    if (!is_float(item[WEIGHT])) return fail_item(r, WEIGHT, i, "a finite float32");
    *node = (tree_node){
        .left = (int32_t)item[LEFT]->valuedouble,
        .feature = (uint32_t)item[FEATURE]->valuedouble,
        .value = (float)item[CONDITION]->valuedouble,
        .missing_left = cJSON_IsBool(item[DEFAULT_LEFT]) ? cJSON_IsTrue(item[DEFAULT_LEFT])
                                                         : item[DEFAULT_LEFT]->valuedouble != 0,
        .parent = (int32_t)item[PARENT]->valuedouble,
        .gain = (float)item[GAIN]->valuedouble,
        .cover = (float)item[COVER]->valuedouble,
        .weight = (float)item[WEIGHT]->valuedouble,
    };
    int32_t right = (int32_t)item[RIGHT]->valuedouble;
    if ((node->left < 0) != (right < 0)) return fail_item(r, RIGHT, i, "-1 exactly where left_children is");
    if (node->left >= 0 && right != node->left + 1)
        return fail_item(r, RIGHT, i, "the node after the left child");
    return true;
}

/* Every array has n items: they are walked side by side and must end together. */
static bool read_nodes(reader *r, const cJSON *tree, int32_t n, tree_node *nodes) {
    const cJSON *item[N_TREE_ARRAYS];
    for (int a = 0; a < N_TREE_ARRAYS; a++) {
        const cJSON *array = find_array(r, tree, array_names[a]);
        if (!array) return false;
        int size = cJSON_GetArraySize(array);
        if (size != n)
            return fail(r, "%s.%s has %d items, the tree has %d nodes", r->path, array_names[a], size,
                        (int)n);
        item[a] = array->child;
    }
    for (int32_t i = 0; i < n; i++) {
        if (!read_node(r, item, (size_t)i, n, &nodes[i])) return false;
        for (int a = 0; a < N_TREE_ARRAYS; a++) item[a] = item[a]->next;
    }
    return true;
}

/* Walks from the root. `queue` has room for n nodes and takes each at most once: a child that was met before has
** another parent than the one that meets it now, or is its sibling's twin, and both are refused. */
static bool check_shape(reader *r, tree_node *nodes, int32_t n, int32_t *queue, bool *met) {
    int32_t head = 0, tail = 0;
    if (nodes[0].parent != NO_PARENT)
        return fail(r, "%s.parents[0] is not %d, that of a root", r->path, NO_PARENT);
    memset(met, 0, (size_t)n * sizeof *met);
    met[0] = true;
    queue[tail++] = 0;
    while (head < tail) {
        int32_t id = queue[head++];
        const tree_node *node = &nodes[id];
        if (node->left < 0) continue;
        if (node->feature >= (uint32_t)r->model->n_features) {
            return fail(r, "%s.split_indices[%d] is %u, the model has %d features", r->path, (int)id,
                        (unsigned)node->feature, r->model->n_features);
        }
        for (int32_t child = node->left; child <= node->left + 1; child++) {
            if (met[child]) return fail(r, "%s: node %d is reached twice", r->path, (int)child);
            if (nodes[child].parent != id) {
                return fail(r, "%s.parents[%d] is not %d, whose child it is", r->path, (int)child, (int)id);
            }
            met[child] = true;
            queue[tail++] = child;
        }
    }
    for (int32_t id = 0; id < n; id++) {
        if (!met[id]) nodes[id] = (tree_node){.left = -1, .parent = -1};
    }
    nodes[0].parent = -1;
    return true;
}

static bool read_tree(reader *r, const cJSON *tree) {
    static const char *const unused[] = {"categories", "categories_nodes", "categories_segments",
                                         "categories_sizes"};
    for (size_t i = 0; i < sizeof unused / sizeof *unused; i++) {
        const cJSON *array = find_array(r, tree, unused[i]);
        if (!array) return false;
        if (array->child)
            return fail(r, "%s.%s is not empty: splits by category are not supported", r->path, unused[i]);
    }
    const cJSON *parameters = find_object(r, tree, "tree_param");
    if (!parameters) return false;
    int32_t n = find_count(r, parameters, "num_nodes", INT32_MAX - 1);
    int32_t leaf_size = find_count(r, parameters, "size_leaf_vector", INT32_MAX - 1);
    int32_t n_features = find_count(r, parameters, "num_feature", INT32_MAX - 1);
    find_count(r, parameters, "num_deleted", INT32_MAX - 1);
    const cJSON *left = find_array(r, tree, array_names[LEFT]);
    if (r->status != ATHLETE_OK) return false;
    if (leaf_size > 1)
        return fail(r, "%s has leaves of %d values, which are not supported", r->path, (int)leaf_size);
    if (n_features != r->model->n_features) {
        return fail(r, "%s.tree_param.num_feature is %d, the model has %d", r->path, (int)n_features,
                    r->model->n_features);
    }
    if (n < 1) return fail(r, "%s has no nodes", r->path);
    int size = cJSON_GetArraySize(left); /* before memory is taken for as many nodes as the text claims */
    if (size != n)
        return fail(r, "%s.left_children has %d items, the tree has %d nodes", r->path, size, (int)n);

    tree_node *nodes;
    r->status = forest_add_tree(r->budget, r->model, (size_t)n, 0, &nodes);
    if (r->status != ATHLETE_OK) return false;
    int32_t *queue = memory_alloc(r->budget, (size_t)n, sizeof *queue);
    bool *met = memory_alloc(r->budget, (size_t)n, sizeof *met);
    if (!queue || !met) r->status = memory_status(r->budget);
    else if (read_nodes(r, tree, n, nodes)) check_shape(r, nodes, n, queue, met);
    memory_free(r->budget, queue);
    memory_free(r->budget, met);
    return r->status == ATHLETE_OK;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static bool read_booster(reader *r, const cJSON *learner) {
    const cJSON *booster = find_object(r, learner, "gradient_booster");
    snprintf(r->path, sizeof r->path, "learner.gradient_booster");
    const char *name = booster ? find_string(r, booster, "name") : NULL;
    if (!name) return false;
    if (strcmp(name, "gbtree") != 0)
        return fail(r, "%s.name is \"%.30s\", only \"gbtree\" is supported", r->path, name);
    const cJSON *model = find_object(r, booster, "model");
    if (!model) return false;
    snprintf(r->path, sizeof r->path, "learner.gradient_booster.model");
    const cJSON *parameters = find_object(r, model, "gbtree_model_param");
    const cJSON *classes = find_array(r, model, "tree_info");
    const cJSON *trees = find_array(r, model, "trees");
    if (!parameters || !classes || !trees) return false;
    int32_t n_trees = find_count(r, parameters, "num_trees", INT32_MAX - 1);
    if (n_trees < 0) return false;
    int n_classes = cJSON_GetArraySize(classes), n_found = cJSON_GetArraySize(trees);
    if (n_found != n_trees)
        return fail(r, "%s.trees has %d trees, num_trees is %d", r->path, n_found, (int)n_trees);
    if (n_classes != n_trees)
        return fail(r, "%s.tree_info has %d items, num_trees is %d", r->path, n_classes, (int)n_trees);
    const cJSON *class = classes->child, *tree = trees->child;
    for (int32_t t = 0; t < n_trees; t++, class = class->next, tree = tree->next) {
        snprintf(r->path, sizeof r->path, "learner.gradient_booster.model.tree_info[%d]", (int)t);
        if (!is_whole(class, 0, 0)) return fail(r, "%s is not 0: several classes are not supported", r->path);
        snprintf(r->path, sizeof r->path, "learner.gradient_booster.model.trees[%d]", (int)t);
        if (!cJSON_IsObject(tree)) return fail(r, "%s is not an object", r->path);
        if (!read_tree(r, tree)) return false;
    }
    return true;
}

/* "5E-1", or "[5E-1]" since version 3.1: a JSON text inside a string. */
static bool read_base_score(reader *r, const cJSON *parameters) {
    const char *text = find_string(r, parameters, "base_score");
    if (!text) return false;
    cJSON *tree;
    json_fault fault;
    athlete_status status = json_parse(text, strlen(text), &tree, &fault);
    if (status == ATHLETE_NOMEM) {
        r->status = status;
        return false;
    }
    const cJSON *number = cJSON_IsArray(tree) && tree->child && !tree->child->next ? tree->child : tree;
    bool good = status == ATHLETE_OK && is_float(number);
    if (good) r->model->base_scores[0] = (float)number->valuedouble;
    cJSON_Delete(tree);
    return good || fail(r, "%s.base_score is \"%.30s\", not one finite float32", r->path, text);
}

static bool read_parameters(reader *r, const cJSON *learner) {
    const cJSON *parameters = find_object(r, learner, "learner_model_param");
    if (!parameters) return false;
    snprintf(r->path, sizeof r->path, "learner.learner_model_param");
    int32_t n_classes = find_count(r, parameters, "num_class", INT32_MAX - 1);
    int32_t n_features = find_count(r, parameters, "num_feature", ATHLETE_MODEL_MAX_FEATURES);
    int32_t n_targets = 1; /* not written before version 1.6 */
    if (cJSON_GetObjectItemCaseSensitive(parameters, "num_target"))
        n_targets = find_count(r, parameters, "num_target", INT32_MAX - 1);
    if (r->status != ATHLETE_OK) return false;
    if (n_classes > 1)
        return fail(r, "%s.num_class is %d: several classes are not supported", r->path, (int)n_classes);
    if (n_targets != 1) return fail(r, "%s.num_target is %d, only 1 is supported", r->path, (int)n_targets);
    if (n_features < 1) return fail(r, "%s.num_feature is 0", r->path);
    r->status = forest_begin(r->budget, r->model, n_features, 1);
    if (r->status != ATHLETE_OK) return false;
    return read_base_score(r, parameters);
}

static bool read_objective(reader *r, const cJSON *learner) {
    static const struct {
        const char *name;
        model_link link;
    } known[] = {
        {"reg:squarederror", MODEL_IDENTITY},  {"reg:linear", MODEL_IDENTITY},
        {"reg:absoluteerror", MODEL_IDENTITY}, {"reg:pseudohubererror", MODEL_IDENTITY},
        {"reg:quantileerror", MODEL_IDENTITY}, {"binary:logistic", MODEL_LOGISTIC},
        {"reg:logistic", MODEL_LOGISTIC},
    };
    const cJSON *object = find_object(r, learner, "objective");
    snprintf(r->path, sizeof r->path, "learner.objective");
    const char *name = object ? find_string(r, object, "name") : NULL;
    if (!name) return false;
    size_t n = sizeof known / sizeof *known, i = 0;
    while (i < n && strcmp(known[i].name, name) != 0) i++;
    if (i == n) return fail(r, "%s.name is \"%.30s\", which is not supported", r->path, name);
    forest *model = r->model;
    model->link = known[i].link;
    float base_score = model->base_scores[0];
    if (model->link == MODEL_LOGISTIC && !(base_score >= 0 && base_score <= 1)) {
        return fail(r, "learner.learner_model_param.base_score is not a probability from 0 to 1");
    }
    model->base_margins[0] = model->link == MODEL_LOGISTIC ? float_logit(base_score) : base_score;
    return true;
}

static bool read_learner(reader *r, const cJSON *root) {
    snprintf(r->path, sizeof r->path, "model");
    if (!cJSON_IsObject(root)) return fail(r, "the model is not a JSON object");
    const cJSON *learner = find_object(r, root, "learner");
    if (!learner) return false;
    snprintf(r->path, sizeof r->path, "learner");
    if (!read_parameters(r, learner)) return false;
    snprintf(r->path, sizeof r->path, "learner");
    if (!read_objective(r, learner)) return false;
    snprintf(r->path, sizeof r->path, "learner");
    return read_booster(r, learner);
}

athlete_status model_read(const char *text, size_t length, athlete_budget *budget, forest *model,
                          model_fault *fault) {
    *model = (forest){.n_features = 0};
    reader r = {.budget = budget, .model = model, .fault = fault};
    if (length > ATHLETE_MODEL_MAX_BYTES) {
        fail(&r, "the model has %zu bytes, at most %zu are accepted", length,
             (size_t)ATHLETE_MODEL_MAX_BYTES);
        return r.status;
    }
    cJSON *root;
    json_fault json;
    athlete_status status = json_parse(text, length, &root, &json);
    if (status == ATHLETE_INVALID)
        fail(&r, "the model is not JSON: %s at byte %zu", json.reason, json.offset);
    if (status != ATHLETE_OK) return status;
    read_learner(&r, root);
    cJSON_Delete(root);
    return r.status;
}
