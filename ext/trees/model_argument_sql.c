#include "trees/model_argument_sql.h"

#include <string.h>
#include "base/binding/model_reference.h"

static cached_model *model_text_find(sqlite3 *db, void *cache, const char *text, size_t length,
                                     athlete_status *status, athlete_fault *fault) {
    athlete_poll poll;
    poll_begin(&poll, db);
    cached_model *found = model_cache_find(cache, text, length, &poll, status, fault);
    poll_end(&poll);
    return found;
}

static cached_model *model_argument_find(sqlite3 *db, void *cache, sqlite3_value *argument,
                                         athlete_status *status, athlete_fault *fault) {
    const char *text = (const char *)sqlite3_value_text(argument);
    *status = ATHLETE_NOMEM;
    if (!text) return NULL;
    return model_text_find(db, cache, text, (size_t)sqlite3_value_bytes(argument), status, fault);
}

cached_model *model_of_context(sqlite3_context *context, sqlite3_value *argument) {
    athlete_status status;
    athlete_fault fault;
    fault_clear(&fault);
    cached_model *found = model_argument_find(sqlite3_context_db_handle(context), domain_state_of(context),
                                              argument, &status, &fault);
    if (!found) function_fail_status(context, status, fault.text);
    return found;
}

static cached_model *model_reference_find(athlete_call *call, const char *reference, athlete_status *status) {
    char *text;
    *status = model_reference_read(call->db, reference, &text, &call->fault);
    if (*status != ATHLETE_OK) return NULL;
    cached_model *found =
        model_text_find(call->db, call->domain_state, text, strlen(text), status, &call->fault);
    sqlite3_free(text);
    return found;
}

cached_model *model_of_call(athlete_call *call, sqlite3_value *argument) {
    athlete_status status = ATHLETE_NOMEM;
    const char *text = (const char *)sqlite3_value_text(argument);
    cached_model *found = NULL;
    bool may_read = call->function->trust == ATHLETE_DIRECT;
    if (text && may_read && model_is_reference(text)) found = model_reference_find(call, text, &status);
    else if (text) found = model_argument_find(call->db, call->domain_state, argument, &status, &call->fault);
    if (!found) call_fail_status(call, status);
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

void text_answer(sqlite3_context *context, athlete_status status, text_buffer *out,
                 const athlete_fault *fault) {
    if (status == ATHLETE_OK) {
        sqlite3_result_text64(context, out->bytes, out->length, sqlite3_free,
                              SQLITE_UTF8); /* memory.h's blocks are SQLite's */
    } else {
        memory_free(out->budget, out->bytes);
        function_fail_status(context, status,
                             status == ATHLETE_OVER_LIMIT ? "the text that it would make" : fault->text);
    }
}
