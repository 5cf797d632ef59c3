/* Binding of gbdt_slice. */
#include <string.h>
#include "base/text/json_lists.h"
#include "trees/model_argument_sql.h"
#include "trees/model_rows_sql.h"
#include "trees/trees_callbacks_sql.h"

#define MAX_ATTRIBUTES 64

/* What the forest writes itself, and what is of the whole training. */
static bool stays_behind(const char *name) {
    static const char *const names[] = {ATHLETE_CATEGORIES_ATTRIBUTE, ATHLETE_CLASSES_ATTRIBUTE,
                                        "athlete_history", "best_iteration", "best_score"};
    size_t i = 0, n = sizeof names / sizeof *names;
    while (i < n && strcmp(name, names[i]) != 0) i++;
    return i < n;
}

/* The others, in the order of their names. `kept` has room for MAX_ATTRIBUTES and the end. */
static athlete_status keep_attributes(const cJSON *root, model_attribute *kept, athlete_fault *fault) {
    const cJSON *learner = cJSON_GetObjectItemCaseSensitive(root, "learner");
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(learner, "attributes");
    size_t n = 0;
    for (const cJSON *item = all ? all->child : NULL; item; item = item->next) {
        if (!cJSON_IsString(item) || !item->string || stays_behind(item->string)) continue;
        if (n == MAX_ATTRIBUTES)
            return fault_refuse(fault, "the model has more than %d attributes", MAX_ATTRIBUTES);
        size_t at = n++;
        for (; at > 0 && strcmp(kept[at - 1].name, item->string) > 0; at--) kept[at] = kept[at - 1];
        kept[at] = (model_attribute){item->string, item->valuestring};
    }
    kept[n] = (model_attribute){.name = NULL};
    return ATHLETE_OK;
}

static athlete_status write_slice(const forest *model, tree_span span, const char *text, athlete_poll *poll,
                                  text_buffer *out, athlete_fault *fault) {
    json_lists parsed;
    model_attribute attributes[MAX_ATTRIBUTES + 1];
    athlete_status status = json_lists_parse(text, strlen(text), out->budget, poll, &parsed, fault);
    if (status == ATHLETE_OK) status = keep_attributes(parsed.root, attributes, fault);
    size_t *ends = memory_alloc(out->budget, span.end - span.first, sizeof *ends);
    if (!ends && status == ATHLETE_OK) status = memory_status(out->budget);
    if (status == ATHLETE_OK) {
        forest slice = forest_slice(model, span, ends);
        const model_description description = {
            .objective = model->objective, .variance_power = model->variance_power, .attributes = attributes};
        status = model_write(&slice, &description, out, poll);
    }
    memory_free(out->budget, ends);
    json_lists_free(out->budget, &parsed);
    return status;
}

void gbdt_slice_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    const char *text = (const char *)sqlite3_value_text(argv[0]),
               *range = (const char *)sqlite3_value_text(argv[1]);
    if (!text || !range) {
        sqlite3_result_error_nomem(context);
        return;
    }
    cached_model *cached = model_of_context(context, argv[0]);
    if (!cached) return;
    athlete_budget budget = {.limit = ATHLETE_BUDGET_DEFAULT};
    text_buffer out = {.budget = &budget};
    athlete_fault fault = {{0}};
    athlete_poll poll;
    tree_span span;
    poll_begin(&poll, sqlite3_context_db_handle(context));
    athlete_status status = model_rows_span(&cached->model, range, &span, &fault);
    if (status == ATHLETE_OK && span.first == span.end)
        status = fault_refuse(&fault, "iteration_range has no round, got %.40s", range);
    if (status == ATHLETE_OK) status = write_slice(&cached->model, span, text, &poll, &out, &fault);
    poll_end(&poll);
    cached_text_release(cached);
    text_answer(context, status, &out, &fault);
}
