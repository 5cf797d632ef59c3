/* Binding of gbdt_export and gbdt_import. */
#include <string.h>
#include "trees/format/lightgbm.h"
#include "trees/model_argument_sql.h"
#include "trees/trees_callbacks_sql.h"

/* Room for a text that is made here; a million leaves take a tenth of it. */
#define MEMORY_LIMIT ((size_t)1 << 30)

static void export_lightgbm(sqlite3_context *context, const forest *model) {
    athlete_budget budget = {.limit = MEMORY_LIMIT};
    text_buffer out = {.budget = &budget};
    athlete_fault fault = {{0}};
    athlete_poll poll;
    poll_begin(&poll, sqlite3_context_db_handle(context));
    athlete_status status = lightgbm_write(model, &out, &poll, &fault);
    poll_end(&poll);
    text_answer(context, status, &out, &fault);
}

void gbdt_export_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    const char *format = (const char *)sqlite3_value_text(argv[1]);
    if (!format) {
        sqlite3_result_error_nomem(context);
        return;
    }
    cached_model *cached = model_of_context(context, argv[0]);
    if (!cached) return;
    if (strcmp(format, "xgboost") == 0) sqlite3_result_value(context, argv[0]);
    else if (strcmp(format, "lightgbm") == 0) export_lightgbm(context, &cached->model);
    else function_fail_argument(context, 1, "'xgboost' or 'lightgbm'", argv[1]);
    cached_text_release(cached);
}

void gbdt_import_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    const char *text = (const char *)sqlite3_value_text(argv[0]);
    if (!text) {
        sqlite3_result_error_nomem(context);
        return;
    }
    size_t length = (size_t)sqlite3_value_bytes(argv[0]);
    if (!lightgbm_is(text, length)) {
        function_fail_argument(context, 0, "the text of a LightGBM model, which starts with a line \"tree\"",
                               argv[0]);
        return;
    }
    static const model_attribute attributes[] = {{"athlete_imported_from", "LightGBM"}, {.name = NULL}};
    model_description description = {.attributes = attributes};
    athlete_budget budget = {.limit = MEMORY_LIMIT};
    text_buffer out = {.budget = &budget};
    athlete_fault fault = {{0}};
    forest model;
    athlete_poll poll;
    poll_begin(&poll, sqlite3_context_db_handle(context));
    athlete_status status = lightgbm_read(text, length, &budget, &poll, &model, &fault);
    description.objective = model.objective;
    description.variance_power = model.variance_power;
    if (status == ATHLETE_OK) status = model_write(&model, &description, &out, &poll);
    poll_end(&poll);
    forest_free(&budget, &model);
    text_answer(context, status, &out, &fault);
}
