/* Reads XGBoost's JSON models. XGBoost's own reader trusts the file ("will crash due to a memory read error", its
** doc/security.rst); this one trusts nothing. What prediction relies on, and what is therefore proved:
**   - every tree is a tree: walking from the root, each child is in range and is met once, by the parent it names,
**     and the right child follows the left one, which XGBoost's predictor assumes without a check;
**   - features are below num_feature, outputs below num_class, thresholds, leaves and base scores finite in float32;
**   - sets of categories lie inside their list, in order, and take no more memory than the header allows;
**   - nothing of another kind (several targets, DART, linear) is taken for what it is not. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/numbers/decimal.h"
#include "trees/format/lightgbm.h"
#include "trees/format/model_reader.h"
#include "trees/model/model_objective.h"

static bool model_read_trees(model_reader *r, const cJSON *trees, const number_list *outputs) {
    int n_outputs = r->model->n_outputs;
    const cJSON *tree = trees->child;
    for (size_t t = 0; t < outputs->n; t++, tree = tree->next) {
        snprintf(r->path, sizeof r->path, "learner.gradient_booster.model.trees[%zu]", t);
        if (!is_whole(outputs->values[t], 0, n_outputs - 1)) {
            return reader_fail(r, "learner.gradient_booster.model.tree_info[%zu] is not %s", t,
                               n_outputs > 1 ? "an output of the model" : "0, the model has one output");
        }
        if (!cJSON_IsObject(tree)) return reader_fail(r, "%s is not an object", r->path);
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(tree, "id");
        if (id && !(cJSON_IsNumber(id) && id->valuedouble == (double)t)) {
            return reader_fail(r, "%s.id is not %zu: the trees must be in order", r->path, t);
        }
        size_t before = r->model->n_nodes;
        if (!model_read_tree(r, tree, (int)outputs->values[t])) return false;
        if (r->poll && poll_due(r->poll, 200 * (r->model->n_nodes - before))) {
            r->status = ATHLETE_INTERRUPTED;
            return false;
        }
    }
    return true;
}

/* XGBClassifier and XGBRegressor answer with the trees up to the best round of early stopping, and a file that one of them saved
** is answered from likewise; a Booster answers with all trees. */
static bool end_with_best_round(model_reader *r, const cJSON *learner, int32_t parallel_trees) {
    const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(learner, "attributes");
    if (!reader_has(attributes, "scikit_learn") || !reader_has(attributes, "best_iteration")) return true;
    snprintf(r->path, sizeof r->path, "learner.attributes");
    forest *model = r->model;
    size_t per_round = (size_t)(parallel_trees > 1 ? parallel_trees : 1) * (size_t)model->n_outputs;
    int32_t rounds = (int32_t)(model->n_trees / per_round);
    int32_t best = reader_count(r, attributes, "best_iteration", rounds > 0 ? rounds - 1 : 0);
    if (best < 0) return false;
    if ((size_t)(best + 1) * per_round > model->n_trees) return true;
    model->n_trees = (size_t)(best + 1) * per_round;
    model->n_nodes = model->tree_end[model->n_trees - 1];
    return true;
}

/* Where version 2 or later says after which tree each round ends, those are believed; without it all are of one size. */
static bool read_rounds(model_reader *r, const cJSON *model, int32_t parallel_trees) {
    forest *read = r->model;
    read->round_trees = (size_t)(parallel_trees > 1 ? parallel_trees : 1) * (size_t)read->n_outputs;
    number_list ends;
    if (!reader_has(model, "iteration_indptr")) return true;
    if (!reader_numbers(r, model, "iteration_indptr", &ends)) return false;
    bool regular = ends.n > 0 && (ends.n - 1) * read->round_trees == read->n_trees;
    for (size_t i = 0; i < ends.n && regular; i++)
        regular = ends.values[i] == (double)(i * read->round_trees);
    if (!regular) read->round_trees = 0;
    return true;
}

static bool read_booster(model_reader *r, const cJSON *learner) {
    const cJSON *booster = reader_object(r, learner, "gradient_booster");
    snprintf(r->path, sizeof r->path, "learner.gradient_booster");
    const char *name = reader_string(r, booster, "name");
    if (name && strcmp(name, "gbtree") != 0) {
        return reader_fail(r, "%s.name is \"%.30s\", only \"gbtree\" is supported", r->path, name);
    }
    const cJSON *model = reader_object(r, booster, "model");
    snprintf(r->path, sizeof r->path, "learner.gradient_booster.model");
    const cJSON *parameters = reader_object(r, model, "gbtree_model_param");
    const cJSON *trees = reader_array(r, model, "trees");
    number_list outputs;
    if (!reader_numbers(r, model, "tree_info", &outputs)) return false;
    int32_t n_trees = reader_count(r, parameters, "num_trees", INT32_MAX - 1);
    if (n_trees < 0) return false;
    int n_found = cJSON_GetArraySize(trees);
    if (number_list_of(&r->text, trees, &(number_list){.n = 0}) && n_found > 0) {
        return reader_fail(r, "%s.trees[0] is not an object", r->path);
    }
    if (n_found != n_trees) {
        return reader_fail(r, "%s.trees has %d trees, num_trees is %d", r->path, n_found, (int)n_trees);
    }
    if (outputs.n != (size_t)n_trees) {
        return reader_fail(r, "%s.tree_info has %zu items, num_trees is %d", r->path, outputs.n,
                           (int)n_trees);
    }
    int32_t parallel_trees = 1; /* not written before version 1.0 */
    if (reader_has(parameters, "num_parallel_tree"))
        parallel_trees = reader_count(r, parameters, "num_parallel_tree", INT32_MAX - 1);
    return parallel_trees >= 0 && model_read_trees(r, trees, &outputs) &&
           read_rounds(r, model, parallel_trees) && end_with_best_round(r, learner, parallel_trees);
}

/* Puts a number, or a list of one or one per output, into the base scores. */
static bool take_base_scores(forest *model, const json_lists *parsed, int n_outputs) {
    number_list list = {&parsed->root->valuedouble, 1, false};
    if (!cJSON_IsNumber(parsed->root) && !number_list_of(parsed, parsed->root, &list)) return false;
    if (list.has_flags || (list.n != 1 && list.n != (size_t)n_outputs)) return false;
    for (int k = 0; k < n_outputs; k++) {
        double score = list.values[list.n == 1 ? 0 : k];
        if (!is_float(score)) return false;
        model->base_scores[k] = (float)score;
    }
    return true;
}

/* "5E-1", or "[5E-1]" since version 3.1 with one number per class: a JSON text inside a string. */
static bool read_base_scores(model_reader *r, const cJSON *parameters, const model_objective *objective) {
    forest *model = r->model;
    const char *text = reader_string(r, parameters, "base_score");
    if (!text) return false;
    json_lists parsed;
    athlete_fault fault;
    athlete_status status = json_lists_parse(text, strlen(text), r->budget, r->poll, &parsed, &fault);
    bool good = status == ATHLETE_OK && take_base_scores(model, &parsed, model->n_outputs);
    json_lists_free(r->budget, &parsed);
    if (status != ATHLETE_OK && status != ATHLETE_INVALID) {
        r->status = status;
        return false;
    }
    if (!good) {
        return reader_fail(r, "%s.base_score is \"%.30s\", not one finite float32%s", r->path, text,
                           model->n_outputs > 1 ? " or one per output" : "");
    }
    for (int k = 0; k < model->n_outputs; k++) {
        model->base_margins[k] = model_objective_margin(objective, model->base_scores[k]);
        if (!isnan(model->base_margins[k])) continue;
        return reader_fail(r, "%s.base_score is not %s", r->path,
                           objective->link == MODEL_LOGISTIC ? "a probability from 0 to 1"
                                                             : "a rate of 1.17549435e-38 or more");
    }
    return true;
}

static const model_objective *model_read_objective(model_reader *r, const cJSON *learner) {
    const cJSON *object = reader_object(r, learner, "objective");
    snprintf(r->path, sizeof r->path, "learner.objective");
    const char *name = reader_string(r, object, "name");
    if (!name) return NULL;
    const model_objective *objective = model_objective_find(name);
    if (!objective) reader_fail(r, "%s.name is \"%.30s\", which is not supported", r->path, name);
    return objective;
}

/* Of reg:tweedie; 0 where it is not a power from 1 to 2: nothing is predicted by it. */
static double model_read_power(const cJSON *learner) {
    const cJSON *objective = cJSON_GetObjectItemCaseSensitive(learner, "objective"),
                *block = cJSON_GetObjectItemCaseSensitive(objective, "tweedie_regression_param"),
                *power = cJSON_GetObjectItemCaseSensitive(block, "tweedie_variance_power");
    const char *text = cJSON_GetStringValue(power);
    double x;
    return text && decimal_read(&text, &x) == ATHLETE_OK && x >= 1 && x < 2 ? x : 0;
}

static bool read_parameters(model_reader *r, const cJSON *learner) {
    const model_objective *objective = model_read_objective(r, learner);
    if (!objective) return false;
    snprintf(r->path, sizeof r->path, "learner");
    const cJSON *parameters = reader_object(r, learner, "learner_model_param");
    snprintf(r->path, sizeof r->path, "learner.learner_model_param");
    int32_t n_classes = reader_count(r, parameters, "num_class", ATHLETE_MODEL_MAX_OUTPUTS);
    int32_t n_features = reader_count(r, parameters, "num_feature", ATHLETE_MODEL_MAX_FEATURES);
    int32_t n_targets = 1; /* not written before version 1.6 */
    if (reader_has(parameters, "num_target")) {
        n_targets = reader_count(r, parameters, "num_target", ATHLETE_MODEL_MAX_OUTPUTS);
    }
    if (r->status != ATHLETE_OK) return false;
    if (n_targets < 1) return reader_fail(r, "%s.num_target is 0", r->path);
    if (n_features < 1) return reader_fail(r, "%s.num_feature is 0", r->path);
    bool softmax = objective->link == MODEL_SOFTMAX;
    if (softmax ? n_classes < 2 : n_classes > 1) {
        return reader_fail(r, "%s.num_class is %d, the objective %s has %s", r->path, (int)n_classes,
                           objective->name, softmax ? "at least 2" : "one output");
    }
    if (n_targets > 1 && softmax) {
        return reader_fail(r, "%s.num_target is %d, the objective %s has 1", r->path, (int)n_targets,
                           objective->name);
    }
    r->status = forest_begin(r->budget, r->model, n_features, softmax ? n_classes : n_targets);
    if (r->status != ATHLETE_OK) return false;
    r->model->link = objective->link;
    r->model->objective = objective->name;
    if (strcmp(objective->name, "reg:tweedie") == 0) r->model->variance_power = model_read_power(learner);
    return read_base_scores(r, parameters, objective);
}

static bool read_learner(model_reader *r, const cJSON *root) {
    snprintf(r->path, sizeof r->path, "model");
    if (!cJSON_IsObject(root)) return reader_fail(r, "the model is not a JSON object");
    const cJSON *learner = reader_object(r, root, "learner");
    snprintf(r->path, sizeof r->path, "learner");
    if (!read_parameters(r, learner)) return false;
    snprintf(r->path, sizeof r->path, "learner");
    if (!model_read_names(r, learner)) return false;
    snprintf(r->path, sizeof r->path, "learner");
    return read_booster(r, learner);
}

athlete_status model_read(const char *text, size_t length, athlete_budget *budget, athlete_poll *poll,
                          forest *model, athlete_fault *fault) {
    *model = (forest){.n_features = 0};
    model_reader r = {.budget = budget, .poll = poll, .model = model, .fault = fault};
    if (length > ATHLETE_MODEL_MAX_BYTES) {
        reader_fail(&r, "the model has %zu bytes, at most %zu are accepted", length,
                    (size_t)ATHLETE_MODEL_MAX_BYTES);
        return r.status;
    }
    if (lightgbm_is(text, length)) {
        reader_fail(&r, "the model is a LightGBM text: convert it with gbdt_import");
        return r.status;
    }
    athlete_status status = json_lists_parse(text, length, budget, poll, &r.text, fault);
    if (status == ATHLETE_INVALID) {
        reader_fail(&r, "the model is not JSON: %s", fault->text);
    } else if (status != ATHLETE_OK) {
        r.status = status;
    } else {
        read_learner(&r, r.text.root);
    }
    renumberings_free(budget, model, r.categories);
    json_lists_free(budget, &r.text);
    return r.status;
}
