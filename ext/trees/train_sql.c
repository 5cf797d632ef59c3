/* Binding of gbdt_train: collects the rows of a group, trains on them when the group ends. */
#include <float.h>
#include <math.h>
#include <string.h>
#include "athlete.h"
#include "base/json_text.h"
#include "trees/train_options_sql.h"
#include "trees/trees_callbacks.h"

typedef struct training {
    bool begun, failed; /* after a failure nothing more is read and nothing is trained */
    char *options_text; /* as the first row had it; NULL for SQL's NULL */
    train_options options;
    athlete_budget budget;
    int n_features;
    size_t n_rows;
    float *values, *labels;
    size_t values_capacity, labels_capacity;
} training;

static void training_free(training *t) {
    memory_free(&t->budget, t->values);
    memory_free(&t->budget, t->labels);
    t->values = t->labels = NULL;
    train_options_free(&t->options);
    sqlite3_free(t->options_text);
    t->options_text = NULL;
}

/* --- reading rows --------------------------------------------------------------------------------------- */

/* "row 3: feature 2 (pace) must be a finite number, got text 'abc'". Rows count from 1 in the order they came. */
static athlete_status refuse(sqlite3_context *context, const training *t, const char *what, int feature,
                             const char *expected, sqlite3_value *value) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "row %lld: %s", (sqlite3_int64)t->n_rows + 1, what);
    if (feature > 0) sqlite3_str_appendf(out, " %d", feature);
    sqlite3_str_appendf(out, " must be %s, got ", expected);
    value_describe(out, value);
    char *message = sqlite3_str_finish(out);
    if (message) function_fail(context, "%s", message);
    else sqlite3_result_error_nomem(context);
    sqlite3_free(message);
    return ATHLETE_INVALID;
}

static bool is_number(sqlite3_value *value) {
    int type = sqlite3_value_numeric_type(value);
    return (type == SQLITE_INTEGER || type == SQLITE_FLOAT) && isfinite(sqlite3_value_double(value));
}

static athlete_status read_label(sqlite3_context *context, const training *t, sqlite3_value *value,
                                 float *label) {
    if (sqlite3_value_type(value) == SQLITE_NULL) {
        function_fail(context, "row %lld: the label is NULL; leave such rows out with WHERE",
                      (sqlite3_int64)t->n_rows + 1);
        return ATHLETE_INVALID;
    }
    if (!is_number(value)) return refuse(context, t, "the label", 0, "a finite number", value);
    double x = sqlite3_value_double(value);
    if (!objective_takes_label(&t->options.objective, x))
        return refuse(context, t, "the label", 0, objective_label_form(&t->options.objective), value);
    if (fabs(x) > 1e30) return refuse(context, t, "the label", 0, "at most 1e30 in size", value);
    *label = (float)x + 0.0f;
    return ATHLETE_OK;
}

static athlete_status read_features(sqlite3_context *context, const training *t, sqlite3_value **values,
                                    float *row) {
    for (int f = 0; f < t->n_features; f++) {
        if (sqlite3_value_type(values[f]) == SQLITE_NULL) {
            row[f] = NAN;
            continue;
        }
        if (!is_number(values[f]))
            return refuse(context, t, "feature", f + 1, "a finite number or NULL", values[f]);
        double x = sqlite3_value_double(values[f]);
        if (fabs(x) >= FLT_MAX)
            return refuse(context, t, "feature", f + 1, "within the range of float32", values[f]);
        row[f] = (float)x + 0.0f; /* -0 becomes 0, which it is equal to */
    }
    return ATHLETE_OK;
}

static athlete_status begin(sqlite3_context *context, training *t, int argc, sqlite3_value *options) {
    t->begun = true;
    t->n_features = argc - 2;
    if (sqlite3_value_type(options) != SQLITE_NULL) {
        t->options_text = sqlite3_mprintf("%s", sqlite3_value_text(options));
        if (!t->options_text) return ATHLETE_NOMEM;
    }
    char *message;
    athlete_status status = train_options_read(t->options_text, &t->options, &message);
    if (status == ATHLETE_INVALID) function_fail(context, "%s", message);
    sqlite3_free(message);
    t->budget.limit = (size_t)t->options.memory_limit_mb << 20;
    return status;
}

static bool same_options(const training *t, sqlite3_value *options) {
    const char *text = (const char *)sqlite3_value_text(options);
    return text && t->options_text ? strcmp(text, t->options_text) == 0 : !text && !t->options_text;
}

static athlete_status read_row(sqlite3_context *context, training *t, int argc, sqlite3_value **argv) {
    athlete_status status = t->begun ? ATHLETE_OK : begin(context, t, argc, argv[0]);
    if (status != ATHLETE_OK) return status;
    if (!same_options(t, argv[0])) {
        function_fail(context, "row %lld: the options differ from those of the first row",
                      (sqlite3_int64)t->n_rows + 1);
        return ATHLETE_INVALID;
    }
    if (t->n_rows == ATHLETE_MAX_ROWS) {
        function_fail(context, "more than %lld rows", (sqlite3_int64)ATHLETE_MAX_ROWS);
        return ATHLETE_INVALID;
    }
    size_t n_features = (size_t)t->n_features;
    void *values = t->values, *labels = t->labels;
    status = memory_grow(&t->budget, &values, &t->values_capacity, (t->n_rows + 1) * n_features,
                         sizeof *t->values);
    t->values = values;
    if (status == ATHLETE_OK) {
        status = memory_grow(&t->budget, &labels, &t->labels_capacity, t->n_rows + 1, sizeof *t->labels);
        t->labels = labels;
    }
    if (status == ATHLETE_OK) status = read_label(context, t, argv[1], &t->labels[t->n_rows]);
    if (status == ATHLETE_OK)
        status = read_features(context, t, argv + 2, t->values + t->n_rows * n_features);
    if (status == ATHLETE_OK) t->n_rows++;
    return status;
}

/* Says so where the failure has not been reported yet. */
static void report(sqlite3_context *context, const training *t, athlete_status status) {
    if (status == ATHLETE_INVALID) return;
    char detail[120];
    sqlite3_snprintf(sizeof detail, detail, "%lld rows of %d features, memory_limit_mb is %lld",
                     (sqlite3_int64)t->n_rows, t->n_features, t->options.memory_limit_mb);
    function_fail_status(context, status, detail);
}

void gbdt_train_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    training *t = sqlite3_aggregate_context(context, sizeof *t);
    if (!t) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (t->failed) return;
    athlete_status status = read_row(context, t, argc, argv);
    if (status == ATHLETE_OK) return;
    t->failed = true;
    report(context, t, status);
}

/* --- feature names -------------------------------------------------------------------------------------- */

static bool is_repeated(const char *const *names, int n, const char *name) {
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return false;
}

/* Fills `names`, which point into *tree. The rules are XGBoost's: unique, without '[', ']' or '<'. */
static athlete_status read_names(sqlite3_context *context, const training *t, cJSON **tree,
                                 const char **names) {
    json_fault fault;
    athlete_status status =
        json_parse(t->options.feature_names, strlen(t->options.feature_names), tree, &fault);
    if (status != ATHLETE_OK) return ATHLETE_NOMEM; /* the text was printed from a parsed tree */
    int n = cJSON_IsArray(*tree) ? cJSON_GetArraySize(*tree) : -1;
    if (n != t->n_features) {
        function_fail(context, "option \"feature_names\" must be a list of %d names, one per feature",
                      t->n_features);
        return ATHLETE_INVALID;
    }
    int i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, *tree) {
        if (!cJSON_IsString(item) || !*item->valuestring || strpbrk(item->valuestring, "[]<") ||
            is_repeated(names, i, item->valuestring)) {
            function_fail(
                context,
                "option \"feature_names\": name %d must be text without [, ] or < and unlike the others",
                i + 1);
            return ATHLETE_INVALID;
        }
        names[i++] = item->valuestring;
    }
    return ATHLETE_OK;
}

/* --- training ------------------------------------------------------------------------------------------- */

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
static void write_history(text_buffer *out, const boost_options *options, const boost_history *history) {
    text_add(out, "{\"metric\":");
    text_add_quoted(out, objective_metric(&options->objective));
    write_losses(out, "train", history->train, history->rounds);
    if (history->validation) write_losses(out, "validation", history->validation, history->rounds);
    text_add(out, "}");
}

/* The trained forest as JSON; names may be NULL. */
static athlete_status write_model(training *t, const boost_options *options, const forest *model,
                                  const boost_history *history, const char *const *names, athlete_poll *poll,
                                  text_buffer *out) {
    text_buffer options_text = {.budget = &t->budget}, history_text = {.budget = &t->budget},
                rows = {.budget = &t->budget};
    train_options_write(&t->options, &options_text);
    write_history(&history_text, options, history);
    text_add_integer(&rows, (int64_t)t->n_rows);
    athlete_status status = options_text.status   ? options_text.status
                            : history_text.status ? history_text.status
                                                  : rows.status;
    if (status == ATHLETE_OK) {
        const model_attribute attributes[] = {
            {"athlete_history", history_text.bytes},
            {"athlete_options", options_text.bytes},
            {"athlete_rows", rows.bytes},
            {"athlete_version", ATHLETE_VERSION},
            {.name = NULL},
        };
        const model_description description = {objective_stored_name(&options->objective), names, attributes};
        status = model_write(model, &description, out, poll);
    }
    memory_free(&t->budget, options_text.bytes);
    memory_free(&t->budget, history_text.bytes);
    memory_free(&t->budget, rows.bytes);
    return status;
}

static athlete_status train(training *t, const char *const *names, athlete_poll *poll, text_buffer *out) {
    boost_options options = train_options_for_kernel(&t->options);
    training_set set = {.train = {t->values, t->labels, NULL, t->n_rows}, .n_features = t->n_features};
    boost_history history = {.train = memory_alloc(&t->budget, (size_t)options.rounds, sizeof(float))};
    if (!history.train) return memory_status(&t->budget);
    forest model;
    athlete_status status = boost_train(&set, &options, &t->budget, poll, &model, &history);
    if (status == ATHLETE_OK) status = write_model(t, &options, &model, &history, names, poll, out);
    forest_free(&t->budget, &model);
    memory_free(&t->budget, history.train);
    return status;
}

static athlete_status answer(sqlite3_context *context, training *t) {
    cJSON *tree = NULL;
    const char **names = NULL;
    athlete_status status = ATHLETE_OK;
    if (t->options.feature_names) {
        names = memory_alloc(&t->budget, (size_t)t->n_features, sizeof *names);
        status = names ? read_names(context, t, &tree, names) : memory_status(&t->budget);
    }
    text_buffer out = {.budget = &t->budget};
    if (status == ATHLETE_OK) {
        athlete_poll poll;
        poll_begin(&poll, sqlite3_context_db_handle(context));
        status = train(t, names, &poll, &out);
        poll_end(&poll);
    }
    if (status == ATHLETE_OK) {
        sqlite3_result_text64(context, out.bytes, out.length, sqlite3_free,
                              SQLITE_UTF8); /* memory.h's blocks are SQLite's */
    } else {
        memory_free(&t->budget, out.bytes);
    }
    cJSON_Delete(tree);
    memory_free(&t->budget, names);
    return status;
}

void gbdt_train_final(sqlite3_context *context) {
    training *t = sqlite3_aggregate_context(context, 0);
    if (!t || !t->begun) return; /* no rows: NULL */
    if (!t->failed) {
        athlete_status status = answer(context, t);
        if (status != ATHLETE_OK) report(context, t, status);
    }
    training_free(t);
}
