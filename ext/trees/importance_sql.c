/* Binding of gbdt_importance. */
#include <math.h>
#include "trees/model_rows_sql.h"
#include "trees/shap/importance.h"
#include "trees/trees_callbacks_sql.h"

typedef struct importance_state {
    model_rows rows;
    feature_importance *features;
    int feature; /* of the row of the result */
} importance_state;

/* Mean |SHAP| from the query's rows. */
static athlete_status importance_take_rows(athlete_call *call, importance_state *state, sqlite3_value *query,
                                           column_match match, tree_span trees) {
    model_rows *rows = &state->rows;
    const forest *model = model_rows_model(rows);
    const size_t per_row = (size_t)model->n_outputs * ((size_t)model->n_features + 1);
    size_t block = shap_block_rows(per_row);
    row_places places = model_rows_matrix(rows, block, false);
    if (!places.features) return memory_status(&rows->budget);
    athlete_status status = model_rows_query(rows, query, match, block, places);
    if (status != ATHLETE_OK) return status;
    shap_forest explainer;
    status = shap_prepare(model, trees, &rows->budget, &rows->poll, &explainer);
    if (status == ATHLETE_INVALID) fault_refuse(&call->fault, SHAP_TOO_MANY, 2 * SHAP_MAX_POINTS);
    double *contributions = memory_alloc(&rows->budget, per_row, block * sizeof *contributions);
    if (status == ATHLETE_OK && !contributions) status = memory_status(&rows->budget);
    while (status == ATHLETE_OK) {
        status = model_rows_next(rows);
        if (status != ATHLETE_OK || rows->n == 0) break;
        status = importance_add_rows(&explainer, places.features, rows->n, contributions, state->features,
                                     &rows->poll);
    }
    memory_free(&rows->budget, contributions);
    shap_forest_free(&explainer);
    return status;
}

static athlete_status importance_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    importance_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->feature = -1;
    athlete_status status = model_rows_open(call, &state->rows, argv[0]);
    if (status != ATHLETE_OK) return status;
    model_rows *rows = &state->rows;
    const forest *model = model_rows_model(rows);
    state->features = memory_alloc(&rows->budget, (size_t)model->n_features, sizeof *state->features);
    if (!state->features) return memory_status(&rows->budget);
    column_match match;
    tree_span trees;
    status = model_rows_read_options(call, model, argc > 2 ? argv[2] : NULL, &match, &trees);
    if (status != ATHLETE_OK) return status;
    importance_of_splits(model, trees, state->features);
    if (argc < 2 || sqlite3_value_type(argv[1]) == SQLITE_NULL) return ATHLETE_OK;
    return importance_take_rows(call, state, argv[1], match, trees);
}

static int importance_next(athlete_call *call, void *opaque) {
    (void)call;
    importance_state *state = opaque;
    while (++state->feature < model_rows_model(&state->rows)->n_features) {
        if (state->features[state->feature].weight > 0) return SQLITE_ROW;
    }
    return SQLITE_DONE;
}

static void importance_column(void *opaque, sqlite3_context *context, int column) {
    const importance_state *state = opaque;
    const feature_importance *feature = &state->features[state->feature];
    switch (column) {
    case 0: model_result_name(context, model_rows_model(&state->rows), (size_t)state->feature); break;
    case 1: sqlite3_result_int64(context, feature->weight); break;
    case 2: sqlite3_result_double(context, feature->total_gain / (double)feature->weight); break;
    case 3: sqlite3_result_double(context, feature->total_cover / (double)feature->weight); break;
    case 4: sqlite3_result_double(context, feature->total_gain); break;
    case 5: sqlite3_result_double(context, feature->total_cover); break;
    case 6:
        if (state->rows.n_read > 0)
            sqlite3_result_double(context, sum_value(&feature->shap) / (double)state->rows.n_read);
        break;
    }
}

static void importance_close(void *opaque) {
    importance_state *state = opaque;
    memory_free(&state->rows.budget, state->features);
    model_rows_close(&state->rows);
    memory_free(NULL, state);
}

const athlete_table gbdt_importance_table = {
    .columns = "feature TEXT, weight INTEGER, gain REAL, cover REAL, total_gain REAL, total_cover REAL, "
               "mean_abs_shap REAL",
    .expected_rows = 30,
    .open = importance_open,
    .next = importance_next,
    .column = importance_column,
    .close = importance_close,
};
