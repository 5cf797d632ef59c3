/* Binding of kmeans_train: collects the rows of a group, trains on them when the group ends. */
#include "cluster/kmeans_trainer_sql.h"

#include <string.h>
#include "base/binding/constant_text.h"
#include "base/text/json_text.h"
#include "cluster/cluster_callbacks_sql.h"

/* --- the trainer ---------------------------------------------------------------------------------------- */

athlete_status kmeans_trainer_begin(kmeans_trainer *t, const char *options, size_t n_features) {
    *t = (kmeans_trainer){.budget.limit = ATHLETE_BUDGET_DEFAULT};
    athlete_status status = options_read(kmeans_train_options, options, &t->settings, &t->fault);
    if (status != ATHLETE_OK) return status;
    if (t->settings.k == 0) return fault_refuse(&t->fault, "option \"k\" is missing");
    if (n_features > CLUSTER_MAX_FEATURES)
        return fault_refuse(&t->fault, "%zu features, at most %d are possible", n_features,
                            CLUSTER_MAX_FEATURES);
    t->rows.width = n_features;
    t->rows.keeps_scale = t->settings.standardises != 0;
    return ATHLETE_OK;
}

void kmeans_trainer_free(kmeans_trainer *t) {
    cluster_settings_free(&t->settings);
    cluster_model_free(&t->budget, &t->model);
    memory_free(&t->budget, t->rows.x);
    t->rows = (cluster_rows){.n = 0};
}

/* The names of the option, a list of texts; they live as long as the tree. */
static athlete_status option_names(kmeans_trainer *t, cJSON **tree, const char **names) {
    const char *text = t->settings.feature_names;
    athlete_status status = json_parse(text, strlen(text), tree, &t->fault);
    if (status != ATHLETE_OK) return status;
    size_t n = 0;
    const cJSON *item = (*tree)->child;
    for (; item && n < t->rows.width && cJSON_IsString(item); item = item->next)
        names[n++] = item->valuestring;
    if (n == t->rows.width && !item) return ATHLETE_OK;
    return fault_refuse(&t->fault, "option \"feature_names\" must be a list of %zu texts, got %.60s",
                        t->rows.width, text);
}

static athlete_status name_model(kmeans_trainer *t, const char *const *names) {
    if (names) return cluster_model_name(&t->budget, names, &t->model);
    if (!t->settings.feature_names) return ATHLETE_OK;
    cJSON *tree = NULL;
    const char **given = memory_alloc(&t->budget, t->rows.width, sizeof *given);
    athlete_status status = given ? option_names(t, &tree, given) : memory_status(&t->budget);
    if (status == ATHLETE_OK) status = cluster_model_name(&t->budget, given, &t->model);
    memory_free(&t->budget, given);
    cJSON_Delete(tree);
    return status;
}

/* Takes the model before, if there is one. */
static athlete_status read_previous(kmeans_trainer *t, athlete_poll *poll, cluster_model *previous) {
    const char *text = t->settings.previous;
    if (!text) return ATHLETE_OK;
    athlete_status status = cluster_model_read(text, strlen(text), &t->budget, poll, previous, &t->fault);
    return status == ATHLETE_INVALID
               ? fault_refuse(&t->fault, "option \"previous\" is no model: %s", t->fault.text)
               : status;
}

athlete_status kmeans_trainer_finish(kmeans_trainer *t, const char *const *names, athlete_poll *poll,
                                     text_buffer *text) {
    const kmeans_options options = cluster_settings_kmeans(&t->settings);
    cluster_model previous = {.k = 0};
    athlete_status status = read_previous(t, poll, &previous);
    if (status == ATHLETE_OK)
        status = cluster_train(&t->rows, &options, t->settings.previous ? &previous : NULL, &t->budget, poll,
                               &t->model, &t->iterations, &t->fault);
    t->model.imputes = t->settings.missing != 0;
    if (status == ATHLETE_OK) status = name_model(t, names);
    if (status == ATHLETE_OK) {
        cluster_model_write(&t->model, text);
        status = text->status;
    }
    cluster_model_free(&t->budget, &previous);
    return status;
}

/* --- kmeans_train --------------------------------------------------------------------------------------- */

/* SQLite hands it over zeroed. */
typedef struct kmeans_group {
    constant_text options;
    bool is_begun, has_failed; /* after a failure nothing more is read and nothing is trained */
    kmeans_trainer trainer;
} kmeans_group;

void kmeans_train_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    kmeans_group *group = sqlite3_aggregate_context(context, sizeof *group);
    if (!group) sqlite3_result_error_nomem(context);
    if (!group || group->has_failed) return;
    kmeans_trainer *t = &group->trainer;
    athlete_status status = constant_text_take(&group->options, argv[0]);
    if (status == ATHLETE_INVALID)
        fault_refuse(&t->fault, "argument 1 (options) must be the same for all rows");
    if (status == ATHLETE_OK && !group->is_begun) {
        group->is_begun = true;
        status = kmeans_trainer_begin(t, group->options.text, (size_t)argc - 1);
    }
    if (status == ATHLETE_OK)
        status = cluster_rows_add(&t->rows, argv + 1, t->settings.missing != 0, &t->budget, &t->fault);
    if (status == ATHLETE_OK) return;
    group->has_failed = true;
    function_fail_status(context, status, t->fault.text);
}

void kmeans_train_final(sqlite3_context *context) {
    kmeans_group *group = sqlite3_aggregate_context(context, 0);
    if (!group) return;
    if (group->is_begun && !group->has_failed && group->trainer.rows.n > 0) {
        text_buffer text = {.budget = NULL};
        athlete_poll poll;
        poll_begin(&poll, sqlite3_context_db_handle(context));
        athlete_status status = kmeans_trainer_finish(&group->trainer, NULL, &poll, &text);
        poll_end(&poll);
        if (status == ATHLETE_OK) {
            sqlite3_result_text64(context, text.bytes, text.length, sqlite3_free,
                                  SQLITE_UTF8); /* memory.h's blocks are SQLite's */
        } else {
            memory_free(NULL, text.bytes);
            function_fail_status(context, status, group->trainer.fault.text);
        }
    }
    constant_text_free(&group->options);
    kmeans_trainer_free(&group->trainer);
}
