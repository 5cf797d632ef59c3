/* Binding of gbdt_predict and gbdt_margin. */
#include "trees/class_sql.h"
#include "trees/feature_sql.h"
#include "trees/model_argument_sql.h"
#include "trees/trees_callbacks_sql.h"

/* The model of the first argument, ready to score; NULL with the error set. */
static cached_model *find_model(sqlite3_context *context, sqlite3_value *argument) {
    cached_model *found = model_of_context(context, argument);
    athlete_status status = found ? model_prepare(found) : ATHLETE_OK;
    if (status == ATHLETE_OK) return found;
    cached_text_release(found);
    function_fail_status(context, status, NULL);
    return NULL;
}

/* The features as float32; false with the error set. */
static bool read_features(sqlite3_context *context, const forest *model, sqlite3_value **values, float *row) {
    for (int f = 0; f < model->n_features; f++) {
        if (feature_read(model, f, values[f], &row[f])) continue;
        athlete_fault fault;
        athlete_status status = feature_refuse(model, f, values[f], &fault);
        function_fail_status(context, status, fault.text);
        return false;
    }
    return true;
}

static void predict_answer(sqlite3_context *context, const cached_model *cached, bool as_margin) {
    const forest *model = &cached->model;
    bool classes = model->link == MODEL_SOFTMAX && !as_margin;
    scorer_row(cached->compiled, cached->row, cached->inputs, cached->margins);
    if (classes) {
        class_answer(context, model, forest_likeliest(model, cached->margins));
    } else {
        if (!as_margin) forest_outputs(model, cached->margins);
        sqlite3_result_double(context, (double)cached->margins[0]);
    }
}

static void predict(sqlite3_context *context, int argc, sqlite3_value **argv, bool as_margin) {
    cached_model *remembered = sqlite3_get_auxdata(context, 0);
    cached_model *cached = remembered ? remembered : find_model(context, argv[0]);
    if (!cached) return;
    const forest *model = &cached->model;
    if (argc - 1 != model->n_features) {
        function_fail(context, "the model has %d features, %d are given", model->n_features, argc - 1);
    } else if (model->n_outputs > 1 && (as_margin || model->link != MODEL_SOFTMAX)) {
        function_fail(context, "the model has %d outputs: gbdt_score gives them all", model->n_outputs);
    } else if (read_features(context, model, argv + 1, cached->row)) {
        predict_answer(context, cached, as_margin);
    }
    if (!remembered)
        sqlite3_set_auxdata(context, 0, cached, cached_text_release); /* last: it may release at once */
}

void gbdt_predict_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    predict(context, argc, argv, false);
}

void gbdt_margin_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    predict(context, argc, argv, true);
}
