#include "trees/trainer/trainer_sql.h"

#include <math.h>
#include <string.h>
#include "base/version.h"
#include "trees/trainer/previous_sql.h"
#include "trees/trainer/train_labels_sql.h"

athlete_status trainer_begin(trainer *t, const char *options, int n_columns, const char *const *names) {
    *t = (trainer){.budget.limit = ATHLETE_BUDGET_DEFAULT};
    athlete_status status = train_options_read(options, &t->options, &t->fault);
    t->budget.limit = (size_t)t->options.memory_limit_mb << 20;
    if (status == ATHLETE_OK)
        status = train_columns_read(&t->options, n_columns, names, &t->budget, &t->columns, &t->fault);
    if (status != ATHLETE_OK) return status;
    size_t n = (size_t)t->columns.n_features;
    t->content = memory_zeroed(&t->budget, n, sizeof *t->content);
    t->categories = memory_zeroed(&t->budget, n, sizeof *t->categories);
    if (!t->content || !t->categories) return memory_status(&t->budget);
    if (!t->options.previous) return ATHLETE_OK;
    status = previous_read(&t->options, &t->columns, &t->budget, &t->previous, &t->fault);
    if (status != ATHLETE_OK) return status;
    t->rounds_before = previous_rounds(&t->previous);
    if (t->options.objective.kind == OBJECTIVE_SOFTMAX)
        t->options.n_classes = t->options.objective.n_classes = t->previous.n_outputs;
    return ATHLETE_OK;
}

static void block_free(row_block *block, athlete_budget *budget) {
    memory_free(budget, block->values);
    memory_free(budget, block->labels);
    memory_free(budget, block->weights);
    *block = (row_block){.n = 0};
}

void trainer_free(trainer *t) {
    block_free(&t->train, &t->budget);
    block_free(&t->validation, &t->budget);
    for (int f = 0; t->categories && f < t->columns.n_features; f++)
        category_list_free(&t->categories[f], &t->budget);
    category_list_free(&t->classes, &t->budget);
    memory_free(&t->budget, t->categories);
    memory_free(&t->budget, t->content);
    forest_free(&t->budget, &t->previous);
    t->categories = NULL;
    t->content = NULL;
    train_columns_free(&t->columns);
    train_options_free(&t->options);
    fault_clear(&t->fault);
}

const char *trainer_sentence(trainer *t, athlete_status status) {
    if (status == ATHLETE_OVER_LIMIT && !*t->fault.text) {
        fault_refuse(&t->fault, "%zu rows of %d features, memory_limit_mb is %lld", t->n_read,
                     t->columns.n_features, (long long)t->options.memory_limit_mb);
    }
    return t->fault.text;
}

/* --- categories ----------------------------------------------------------------------------------------- */

static void renumber(row_block *block, int feature, int n_features, const float *code) {
    for (size_t row = 0; row < block->n; row++) {
        float *cell = &block->values[row * (size_t)n_features + (size_t)feature];
        if (!isnan(*cell)) *cell = code[(uint32_t)*cell];
    }
}

/* Codes in the order of the texts' bytes, which does not depend on the order of rows, for those that are 0; the others are missing.
** `order` has room for all texts. */
static void number_names(const category_list *list, float *code, uint32_t *order, category_names *names) {
    category_sort(list, order);
    for (uint32_t place = 0; place < list->n; place++) {
        if (isnan(code[order[place]])) continue;
        code[order[place]] = (float)names->n;
        names->name[names->n++] = category_text(list, order[place]);
    }
}

static bool before_has_names(const trainer *t, int feature) {
    return t->rounds_before > 0 && previous_has_names(&t->previous, feature);
}

/* Gives the texts that training rows have codes, those of the model before if there is one; what only validation rows have is
** missing, as it is for a prediction. `code` and `order` have room for all texts. */
static athlete_status code_names(trainer *t, int feature, float *code, uint32_t *order,
                                 category_names *names) {
    const category_list *list = &t->categories[feature];
    int n_features = t->columns.n_features;
    for (uint32_t i = 0; i < list->n; i++) code[i] = NAN;
    for (size_t row = 0; row < t->train.n; row++) {
        float cell = t->train.values[row * (size_t)n_features + (size_t)feature];
        if (!isnan(cell)) code[(uint32_t)cell] = 0;
    }
    const category_names *known = before_has_names(t, feature) ? &t->previous.categories[feature] : NULL;
    names->name = memory_alloc(&t->budget, known ? known->n : list->n, sizeof *names->name);
    if (!names->name) return memory_status(&t->budget);
    if (known) {
        athlete_status status = previous_code_names(&t->previous, feature, list, code, &t->fault);
        if (status != ATHLETE_OK) return status;
        memcpy(names->name, known->name, known->n * sizeof *names->name);
        names->n = known->n;
    } else {
        number_names(list, code, order, names);
    }
    renumber(&t->train, feature, n_features, code);
    renumber(&t->validation, feature, n_features, code);
    return ATHLETE_OK;
}

/* The names point into t->categories. */
static athlete_status code_all_names(trainer *t, category_names *names) {
    size_t most = 0;
    for (int f = 0; f < t->columns.n_features; f++)
        most = t->categories[f].n > most ? t->categories[f].n : most;
    float *code = memory_alloc(&t->budget, most + 1, sizeof *code);
    uint32_t *order = memory_alloc(&t->budget, most + 1, sizeof *order);
    athlete_status status = code && order ? ATHLETE_OK : memory_status(&t->budget);
    for (int f = 0; status == ATHLETE_OK && f < t->columns.n_features; f++) {
        if (before_has_names(t, f) || t->content[f] == CONTENT_NAMES)
            status = code_names(t, f, code, order, &names[f]);
    }
    memory_free(&t->budget, code);
    memory_free(&t->budget, order);
    return status;
}

/* --- the model's text ----------------------------------------------------------------------------------- */

static void write_losses(text_buffer *out, const char *name, const float *losses, int n) {
    text_add(out, ",");
    text_add_quoted(out, name);
    for (int round = 0; round < n; round++) {
        text_add(out, round == 0 ? ":[" : ",");
        text_add_float(out, losses[round]);
    }
    text_add(out, "]");
}

/* {"metric":"rmse","train":[…],"validation":[…]}, a number for each round that was run. */
static void write_history(text_buffer *out, const char *metric, const boost_history *history) {
    text_add(out, "{\"metric\":");
    text_add_quoted(out, metric);
    write_losses(out, "train", history->train, history->rounds);
    if (history->validation) write_losses(out, "validation", history->validation, history->rounds);
    text_add(out, "}");
}

enum { HISTORY, OPTIONS, SHARE_ROWS, BEST_ITERATION, BEST_SCORE, N_TEXTS };

/* Whether some feature may be of names: declared so, or not seen to be of numbers. */
static bool has_names(const trainer *t) {
    int f = 0;
    while (f < t->columns.n_features && t->content[f] == CONTENT_NUMBERS && !t->columns.categorical[f]) f++;
    return f < t->columns.n_features;
}

/* best_iteration and best_score are what XGBoost's own early stopping sets, and so reads. */
static athlete_status write_model(trainer *t, const forest *model, const boost_history *history,
                                  const trainer_result *result, athlete_poll *poll, text_buffer *out) {
    text_buffer texts[N_TEXTS];
    for (int i = 0; i < N_TEXTS; i++) texts[i] = (text_buffer){.budget = &t->budget};
    write_history(&texts[HISTORY], result->metric, history);
    train_options_write(&t->options, has_names(t), t->rounds_before, &texts[OPTIONS]);
    text_add_integer(&texts[SHARE_ROWS], (int64_t)t->train.n);
    text_add_integer(&texts[BEST_ITERATION], result->best);
    text_add_float(&texts[BEST_SCORE], (float)result->loss);
    athlete_status status = ATHLETE_OK;
    for (int i = 0; i < N_TEXTS && status == ATHLETE_OK; i++) status = texts[i].status;
    if (status == ATHLETE_OK) {
        bool stops = t->options.early_stopping_rounds > 0;
        const model_attribute attributes[] = {
            {"athlete_history", texts[HISTORY].bytes},
            {"athlete_options", texts[OPTIONS].bytes},
            {"athlete_rows", texts[SHARE_ROWS].bytes},
            {"athlete_version", ATHLETE_VERSION},
            {stops ? "best_iteration" : NULL, texts[BEST_ITERATION].bytes},
            {"best_score", texts[BEST_SCORE].bytes},
            {.name = NULL},
        };
        const model_description description = {
            .objective = objective_stored_name(&t->options.objective),
            .variance_power = t->options.objective.variance_power,
            .feature_names = t->columns.feature_names ? t->columns.feature_names
                                                      : (const char *const *)t->previous.feature_names,
            .attributes = attributes,
        };
        status = model_write(model, &description, out, poll);
    }
    for (int i = 0; i < N_TEXTS; i++) memory_free(&t->budget, texts[i].bytes);
    return status;
}

/* --- training ------------------------------------------------------------------------------------------- */

static row_set set_of(const row_block *block) {
    return (row_set){block->values, block->labels, block->weights, block->n};
}

static boost_options kernel_options(const trainer *t) {
    boost_options options = train_options_for_kernel(&t->options);
    options.grow.monotone = t->columns.monotone;
    options.grow.interactions = t->columns.interactions;
    options.grow.n_interactions = t->columns.n_interactions;
    options.grow.interaction_words = t->columns.interaction_words;
    options.rounds += t->rounds_before;
    if (t->rounds_before > 0) options.previous = &t->previous;
    return options;
}

static void describe(const trainer *t, const boost_history *history, trainer_result *result) {
    bool validated = history->validation != NULL;
    result->rows = t->train.n;
    result->validation_rows = t->validation.n;
    result->best = validated ? history->best : history->rounds - 1;
    result->rounds = t->options.early_stopping_rounds > 0 ? result->best + 1 : history->rounds;
    result->metric = train_options_metric(&t->options);
    result->loss = validated ? history->validation[result->best] : history->train[result->best];
}

/* Which features are categorical is known by now. */
static athlete_status train(trainer *t, category_names *names, const category_names *classes,
                            boost_history *history, athlete_poll *poll, trainer_result *result) {
    for (int f = 0; f < t->columns.n_features; f++) {
        if (t->content[f] == CONTENT_NAMES) t->columns.categorical[f] = 1;
    }
    train_data set = {set_of(&t->train), set_of(&t->validation), t->columns.n_features,
                      t->columns.categorical};
    boost_options options = kernel_options(t);
    forest model;
    athlete_status status = boost_train(&set, &options, &t->budget, poll, &model, history);
    model.categories = names; /* on loan, like the classes */
    model.classes = *classes;
    if (status == ATHLETE_OK) {
        describe(t, history, result);
        status = write_model(t, &model, history, result, poll, &result->model);
    }
    model.categories = NULL;
    model.classes = (category_names){.n = 0};
    forest_free(&t->budget, &model);
    return status;
}

/* Options about names do nothing where every feature was seen to be of numbers. */
static athlete_status check_category_options(trainer *t) {
    static const char *const options[] = {"max_cat_to_onehot", "max_cat_threshold", "cat_smooth", "cat_l2"};
    if (has_names(t)) return ATHLETE_OK;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (train_options_changed(&t->options, options[i]))
            return fault_refuse(&t->fault, "option \"%s\" is for features of names, there is none",
                                options[i]);
    }
    return ATHLETE_OK;
}

/* A feature is of numbers or of categories in both. */
static athlete_status check_previous(trainer *t) {
    static const char *const names[] = {[CONTENT_NONE] = "missing",
                                        [CONTENT_NUMBERS] = "a number",
                                        [CONTENT_CODES] = "the number of a category",
                                        [CONTENT_NAMES] = "the name of a category"};
    for (int f = 0; t->rounds_before > 0 && f < t->columns.n_features; f++) {
        column_content before = previous_has_names(&t->previous, f)       ? CONTENT_NAMES
                                : previous_splits(&t->previous, f, true)  ? CONTENT_CODES
                                : previous_splits(&t->previous, f, false) ? CONTENT_NUMBERS
                                                                          : CONTENT_NONE;
        if (t->content[f] == CONTENT_NONE || before == CONTENT_NONE || t->content[f] == before) continue;
        return fault_refuse(&t->fault, "feature %d is %s, in the previous model %s", f + 1,
                            names[t->content[f]], names[before]);
    }
    return ATHLETE_OK;
}

/* An area under the curve needs rows of both labels. */
static athlete_status check_metric(trainer *t) {
    const row_block *const blocks[] = {&t->train, &t->validation};
    for (int i = 0; t->options.metric == METRIC_AUC && i < 2; i++) {
        const row_block *block = blocks[i];
        size_t same = 0;
        while (same < block->n && block->labels[same] == block->labels[0]) same++;
        if (block->n == 0 || same < block->n || (block->labels[0] > 0 && block->labels[0] < 1)) continue;
        return fault_refuse(&t->fault, "option \"eval_metric\" is auc, and all %s rows have the label %d",
                            i == 0 ? "training" : "validation", (int)block->labels[0]);
    }
    return ATHLETE_OK;
}

static athlete_status check_rows(trainer *t) {
    if (t->train.n == 0)
        return fault_refuse(&t->fault, t->validation.n > 0
                                           ? "every row is a validation row, none is left to train on"
                                           : "every weight is 0");
    if (t->options.early_stopping_rounds > 0 && t->validation.n == 0)
        return fault_refuse(&t->fault,
                            "option \"early_stopping_rounds\" needs validation rows, there is none");
    for (int f = 0; f < t->columns.n_features; f++) {
        if (t->content[f] == CONTENT_NAMES && t->columns.monotone && t->columns.monotone[f] != 0)
            return fault_refuse(
                &t->fault,
                "option \"monotone_constraints\" has a sign for a feature of text, which has no order");
    }
    athlete_status status = check_previous(t);
    if (status == ATHLETE_OK) status = check_metric(t);
    return status == ATHLETE_OK ? check_category_options(t) : status;
}

/* The names of categories and of classes point into the trainer, or into the model before. */
static athlete_status train_on_rows(trainer *t, const category_names *classes, athlete_poll *poll,
                                    trainer_result *result) {
    athlete_status status = ATHLETE_OK;
    size_t rounds = (size_t)t->options.rounds + (size_t)t->rounds_before,
           n_features = (size_t)t->columns.n_features;
    boost_history history = {.train = memory_alloc(&t->budget, rounds, sizeof(float))};
    if (t->validation.n > 0) history.validation = memory_alloc(&t->budget, rounds, sizeof(float));
    category_names *names = memory_zeroed(&t->budget, n_features, sizeof *names);
    if (!history.train || !names || (t->validation.n > 0 && !history.validation))
        status = memory_status(&t->budget);
    if (status == ATHLETE_OK) status = code_all_names(t, names);
    if (status == ATHLETE_OK) status = train(t, names, classes, &history, poll, result);
    for (size_t f = 0; names && f < n_features; f++) memory_free(&t->budget, names[f].name);
    memory_free(&t->budget, names);
    memory_free(&t->budget, history.train);
    memory_free(&t->budget, history.validation);
    return status;
}

/* SQLite also ends a group when its statement was stopped amid the rows, to have the memory given back. A progress
** handler that stopped it is asked again only after the number of instructions that the host has set, 1000 in
** Datasette; a poll is some forty. */
static bool trainer_is_stopped(athlete_poll *poll) {
    for (int i = 0; i < 32; i++) {
        if (poll_now(poll)) return true;
    }
    return false;
}

athlete_status trainer_finish(trainer *t, athlete_poll *poll, trainer_result *result) {
    *result = (trainer_result){.model.budget = &t->budget};
    if (trainer_is_stopped(poll)) return ATHLETE_INTERRUPTED;
    category_names classes;
    athlete_status status = train_labels_code(t, &classes);
    if (status == ATHLETE_OK) status = check_rows(t);
    if (status == ATHLETE_OK) status = train_on_rows(t, &classes, poll, result);
    memory_free(&t->budget, classes.name);
    return status;
}
