/* Binding of gbdt_predict and gbdt_margin. */
#include <float.h>
#include <math.h>
#include "trees/model_cache.h"
#include "trees/trees_callbacks.h"

#define MAX_FEATURES 1000 /* the most arguments that any SQLite passes */

/* SQL's numbers as the float32 that the model compares; false with the error set. */
static bool read_features(sqlite3_context *context, int argc, sqlite3_value **argv, float *row) {
    for (int i = 1; i < argc; i++) {
        if (sqlite3_value_type(argv[i]) == SQLITE_NULL) {
            row[i - 1] = NAN;
            continue;
        }
        double x = sqlite3_value_double(argv[i]);
        if (fabs(x) > FLT_MAX) {
            function_fail(context, "feature %d is %!.15g, beyond the range of float32", i, x);
            return false;
        }
        row[i - 1] = (float)x;
    }
    return true;
}

/* The model of the first argument, with a reference for the caller; NULL with the error set. */
static cached_model *find_model(sqlite3_context *context, sqlite3_value *argument) {
    const char *text = (const char *)sqlite3_value_text(argument);
    if (!text) {
        sqlite3_result_error_nomem(context);
        return NULL;
    }
    athlete_status status;
    model_fault fault = {{0}};
    cached_model *found = model_cache_find(domain_state_of(context), text,
                                           (size_t)sqlite3_value_bytes(argument), &status, &fault);
    if (!found) function_fail_status(context, status, fault.text);
    return found;
}

static void predict(sqlite3_context *context, int argc, sqlite3_value **argv, bool as_margin) {
    cached_model *remembered = sqlite3_get_auxdata(context, 0);
    cached_model *cached = remembered ? remembered : find_model(context, argv[0]);
    if (!cached) return;
    const forest *model = &cached->model;
    float row[MAX_FEATURES];
    if (model->n_outputs != 1) {
        function_fail(context, "the model has %d outputs, one is expected", model->n_outputs);
    } else if (argc - 1 != model->n_features) {
        function_fail(context, "the model has %d features, %d are given", model->n_features, argc - 1);
    } else if (argc - 1 > MAX_FEATURES) {
        function_fail(context, "at most %d features are accepted", MAX_FEATURES);
    } else if (read_features(context, argc, argv, row)) {
        float answer[1];
        forest_margins(model, row, answer);
        if (!as_margin) forest_outputs(model, answer);
        sqlite3_result_double(context, answer[0]);
    }
    if (!remembered)
        sqlite3_set_auxdata(context, 0, cached, model_release); /* last: it may release at once */
}

void gbdt_predict(sqlite3_context *context, int argc, sqlite3_value **argv) {
    predict(context, argc, argv, false);
}

void gbdt_margin(sqlite3_context *context, int argc, sqlite3_value **argv) {
    predict(context, argc, argv, true);
}
