#include "trees/format/lightgbm.h"

#include <string.h>
#include "base/text/name_sort.h"
#include "trees/format/lightgbm_write_tree.h"
#include "trees/model/model_objective.h"

static void add_objective(text_buffer *out, const forest *model) {
    static const char *const names[] = {"regression", "binary sigmoid:1", "poisson", "multiclass num_class:"};
    const char *name = model->objective ? model->objective : "";
    text_add(out, "objective=");
    text_add(out, strcmp(name, "reg:gamma") == 0     ? "gamma"
                  : strcmp(name, "reg:tweedie") == 0 ? "tweedie"
                                                     : names[model->link]);
    if (model->link == MODEL_SOFTMAX) text_add_integer(out, model->n_outputs);
    text_add(out, "\n");
}

/* LightGBM's list of names is cut at blanks, and it refuses characters that mean something in JSON; both become '_',
** as it does itself. */
static bool lightgbm_is_plain(char c) {
    return (unsigned char)c > ' ' && !strchr("\",:[]{}=", c);
}

/* A name as it is written there, followed by "_", its number and `round` times "_"; round 0 adds nothing. Returns what
** comes behind its zero byte. */
static char *put_name(char *at, const char *name, int number, size_t round) {
    bool changed = false;
    for (; *name; name++, at++) {
        *at = lightgbm_is_plain(*name) ? *name : '_';
        changed = changed || *at != *name;
    }
    if (changed && round > 0) {
        char digits[12];
        size_t n = 0;
        for (int rest = number; rest > 0 || n == 0; rest /= 10) digits[n++] = (char)('0' + rest % 10);
        *at++ = '_';
        while (n > 0) *at++ = digits[--n];
        memset(at, '_', round - 1);
        at += round - 1;
    }
    *at = '\0';
    return at + 1;
}

typedef struct plain_names {
    const char **name;
    char *bytes;
    uint32_t *order; /* for name_sort */
} plain_names;

static void plain_names_free(athlete_budget *budget, plain_names *p) {
    memory_free(budget, p->name);
    memory_free(budget, p->bytes);
    memory_free(budget, p->order);
}

/* The names there, all different as LightGBM wants them: those that were changed end with their numbers where two have
** become one. A round more takes them out of the way of a name that looks like that; with n names there is a round
** that does. */
static athlete_status name_plainly(const forest *model, athlete_budget *budget, athlete_poll *poll,
                                   plain_names *p) {
    size_t n = (size_t)model->n_features, n_bytes = 0;
    for (size_t f = 0; f < n; f++) n_bytes += strlen(model->feature_names[f]) + 1;
    p->name = memory_alloc(budget, n, sizeof *p->name);
    p->order = memory_alloc(budget, n, 2 * sizeof *p->order);
    if (!p->name || !p->order) return memory_status(budget);
    for (size_t round = 0;; round++) {
        memory_free(budget, p->bytes);
        p->bytes = memory_alloc(budget, n_bytes + n * (12 + round), 1);
        if (!p->bytes) return memory_status(budget);
        char *at = p->bytes;
        for (size_t f = 0; f < n; f++) {
            p->name[f] = at;
            at = put_name(at, model->feature_names[f], (int)f, round);
        }
        if (name_sort(p->name, n, p->order) == n) return ATHLETE_OK;
        if (poll_due(poll, 20 * n)) return ATHLETE_INTERRUPTED;
    }
}

static athlete_status lightgbm_add_names(text_buffer *out, const forest *model, athlete_poll *poll) {
    plain_names plain = {.name = NULL};
    athlete_status status = ATHLETE_OK;
    text_add(out, "feature_names=");
    if (model->feature_names && model->n_features > 0)
        status = name_plainly(model, out->budget, poll, &plain);
    for (int f = 0; f < model->n_features && status == ATHLETE_OK; f++) {
        if (f > 0) text_add(out, " ");
        if (model->feature_names) {
            text_add(out, plain.name[f]);
        } else {
            text_add(out, "Column_");
            text_add_integer(out, f);
        }
    }
    plain_names_free(out->budget, &plain);
    return status;
}

static void lightgbm_add_infos(text_buffer *out, const forest *model) {
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

/* Where LightGBM repeats the parameters of the training, and so the only place that tells Tweedie's power. */
static void lightgbm_add_power(text_buffer *out, const forest *model) {
    if (model->variance_power <= 0) return;
    text_add(out, "parameters:\n[tweedie_variance_power: ");
    text_add_float(out, (float)model->variance_power);
    text_add(out, "]\nend of parameters\n\n");
}

/* The tree after `after` that adds to the output, or n_trees. */
static size_t next_tree(const forest *model, size_t after, int output) {
    while (after < model->n_trees && model->tree_output[after] != (uint32_t)output) after++;
    return after;
}

static athlete_status add_next_tree(lightgbm_writer *w, size_t number, size_t tree) {
    static const tree_node nothing = {.left = -1, .parent = -1};
    size_t start = tree < w->model->n_trees ? forest_tree_start(w->model, tree) : 0;
    const tree_node *nodes = tree < w->model->n_trees ? w->model->nodes + start : &nothing;
    size_t n = tree < w->model->n_trees ? w->model->tree_end[tree] - start : 1;
    return lightgbm_write_tree(w, number, nodes, n, tree);
}

/* Tree number t adds to output t % n_outputs there; an output that has fewer trees than others gets empty ones. */
static athlete_status add_trees(lightgbm_writer *w, athlete_poll *poll) {
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

athlete_status lightgbm_write(const forest *model, text_buffer *out, athlete_poll *poll,
                              athlete_fault *fault) {
    if (model->n_outputs > 1 && model->link != MODEL_SOFTMAX)
        return fault_refuse(
            fault, "the model has %d outputs that are no classes, which LightGBM's text has no form for",
            model->n_outputs);
    lightgbm_writer w = {.model = model, .out = out, .budget = out->budget, .fault = fault};
    text_add(out, "tree\nversion=v4\n");
    lightgbm_add_number(out, "num_class", model->n_outputs);
    lightgbm_add_number(out, "num_tree_per_iteration", model->n_outputs);
    text_add(out, "label_index=0\n");
    lightgbm_add_number(out, "max_feature_idx", model->n_features - 1);
    add_objective(out, model);
    athlete_status status = lightgbm_add_names(out, model, poll);
    lightgbm_add_infos(out, model);
    text_add(out, "\n");
    if (status == ATHLETE_OK) status = add_trees(&w, poll);
    memory_free(w.budget, w.items);
    text_add(out, "end of trees\n\n");
    lightgbm_add_power(out, model);
    add_pandas_categories(out, model);
    return status == ATHLETE_OK ? out->status : status;
}
