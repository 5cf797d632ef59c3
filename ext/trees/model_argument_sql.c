#include "trees/model_argument_sql.h"

static cached_model *find(void *cache, sqlite3_value *argument, athlete_status *status, model_fault *fault) {
    const char *text = (const char *)sqlite3_value_text(argument);
    *status = ATHLETE_NOMEM;
    if (!text) return NULL;
    return model_cache_find(cache, text, (size_t)sqlite3_value_bytes(argument), status, fault);
}

cached_model *model_of_context(sqlite3_context *context, sqlite3_value *argument) {
    athlete_status status;
    model_fault fault = {{0}};
    cached_model *found = find(domain_state_of(context), argument, &status, &fault);
    if (!found) function_fail_status(context, status, fault.text);
    return found;
}

cached_model *model_of_call(athlete_call *call, sqlite3_value *argument) {
    athlete_status status;
    model_fault fault = {{0}};
    cached_model *found = find(call->domain_state, argument, &status, &fault);
    if (!found) call_fail_status(call, status, fault.text);
    return found;
}

void model_result_name(sqlite3_context *context, const forest *model, size_t feature) {
    if (model->feature_names) {
        sqlite3_result_text(context, model->feature_names[feature], -1, SQLITE_TRANSIENT);
    } else {
        char name[24];
        sqlite3_snprintf((int)sizeof name, name, "f%u", (unsigned)feature);
        sqlite3_result_text(context, name, -1, SQLITE_TRANSIENT);
    }
}
