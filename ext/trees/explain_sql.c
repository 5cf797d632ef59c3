/* Binding of gbdt_explain and gbdt_interactions: SHAP values and interaction values of a query's rows, in blocks. */
#include <math.h>
#include "trees/model_rows_sql.h"
#include "trees/shap/shap.h"
#include "trees/trees_callbacks_sql.h"

typedef struct explain_state {
    model_rows rows;
    shap_forest explainer;
    bool interactions;
    size_t
        side; /* features and the base value: what an output's contributions, or rows and columns of them, are */
    size_t per_row;  /* numbers of a row */
    double *numbers; /* of the block: n x n_outputs x side, or x side x side */
    size_t row, output, feature, other;
    const double *number; /* where they are */
} explain_state;

static athlete_status open_numbers(athlete_call *call, explain_state *state, int argc, sqlite3_value **argv) {
    sqlite3_value *options = argc > 2 ? argv[2] : NULL;
    model_rows *rows = &state->rows;
    const forest *model = model_rows_model(rows);
    column_match match;
    tree_span trees;
    athlete_status status = model_rows_read_options(call, model, options, &match, &trees);
    if (status != ATHLETE_OK) return status;
    status = shap_prepare(model, trees, &rows->budget, &rows->poll, &state->explainer);
    if (status == ATHLETE_INVALID) fault_refuse(&call->fault, SHAP_TOO_MANY, 2 * SHAP_MAX_POINTS);
    if (status != ATHLETE_OK) return status;
    state->side = (size_t)model->n_features + 1;
    state->per_row = (size_t)model->n_outputs * state->side * (state->interactions ? state->side : 1);
    size_t n = shap_block_rows(state->per_row);
    row_places places = model_rows_matrix(rows, n, true);
    if (!places.features) return memory_status(&rows->budget);
    status = model_rows_query(rows, argv[1], match, n, places);
    if (status != ATHLETE_OK) return status;
    state->numbers = memory_alloc(&rows->budget, state->per_row, n * sizeof *state->numbers);
    return state->numbers ? ATHLETE_OK : memory_status(&rows->budget);
}

static athlete_status open_state(athlete_call *call, int argc, sqlite3_value **argv, bool interactions,
                                 void **out) {
    explain_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->interactions = interactions;
    athlete_status status = model_rows_open(call, &state->rows, argv[0]);
    return status == ATHLETE_OK ? open_numbers(call, state, argc, argv) : status;
}

static athlete_status explain_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    return open_state(call, argc, argv, false, out);
}

static athlete_status interactions_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    return open_state(call, argc, argv, true, out);
}

static int next_block(athlete_call *call, explain_state *state) {
    model_rows *rows = &state->rows;
    athlete_status status = model_rows_next(rows);
    if (status == ATHLETE_OK && rows->n == 0) return SQLITE_DONE;
    if (status == ATHLETE_OK) {
        status = (state->interactions ? shap_interactions : shap_contributions)(
            &state->explainer, rows->places.features, rows->n, state->numbers, &rows->poll);
    }
    if (status != ATHLETE_OK) return call->code != SQLITE_OK ? call->code : call_fail_status(call, status);
    state->row = state->output = state->feature = state->other = 0;
    state->number = state->numbers;
    return SQLITE_ROW;
}

/* To the next output, row or block. */
static int next_output(athlete_call *call, explain_state *state) {
    state->number++;
    if (++state->output < (size_t)model_rows_model(&state->rows)->n_outputs) return SQLITE_ROW;
    state->output = 0;
    return ++state->row < state->rows.n ? SQLITE_ROW : next_block(call, state);
}

static int explain_next(athlete_call *call, void *opaque) {
    explain_state *state = opaque;
    if (!state->number) return next_block(call, state);
    if (++state->feature < state->side) {
        state->number++;
        return SQLITE_ROW;
    }
    state->feature = 0;
    return next_output(call, state);
}

/* The base value stands alone: the zeros that fill its row and column up are not shown. */
static int interactions_next(athlete_call *call, void *opaque) {
    explain_state *state = opaque;
    const size_t base = state->side - 1;
    if (!state->number) return next_block(call, state);
    if (state->feature == base) {
        state->feature = state->other = 0;
        return next_output(call, state);
    }
    if (++state->other == base) {
        state->other = 0;
        state->feature++;
    }
    if (state->feature == base) state->other = base;
    size_t matrix = state->row * (size_t)model_rows_model(&state->rows)->n_outputs + state->output;
    state->number = state->numbers + (matrix * state->side + state->feature) * state->side + state->other;
    return SQLITE_ROW;
}

static void result_feature(const explain_state *state, sqlite3_context *context, size_t feature) {
    if (feature + 1 < state->side) model_result_name(context, model_rows_model(&state->rows), feature);
}

/* What the query gave: a number, or the text that the number of a category stands for. */
static void explain_result_value(const explain_state *state, sqlite3_context *context) {
    const forest *model = model_rows_model(&state->rows);
    if (state->feature + 1 == state->side) return;
    double x = state->rows.places.given[state->row * (state->side - 1) + state->feature];
    const category_names *categories = model->categories ? &model->categories[state->feature] : NULL;
    if (categories && x >= 0 && x < (double)categories->n && x == floor(x)) {
        sqlite3_result_text(context, categories->name[(size_t)x], -1, SQLITE_TRANSIENT);
    } else {
        sqlite3_result_double(context, x);
    }
}

static void explain_column(void *opaque, sqlite3_context *context, int column) {
    const explain_state *state = opaque;
    switch (column) {
    case 0: model_rows_result_key(context, &state->rows, state->row); break;
    case 1: sqlite3_result_int64(context, (sqlite3_int64)state->output); break;
    case 2: result_feature(state, context, state->feature); break;
    case 3: explain_result_value(state, context); break;
    case 4: sqlite3_result_double(context, *state->number); break;
    }
}

static void interactions_column(void *opaque, sqlite3_context *context, int column) {
    const explain_state *state = opaque;
    switch (column) {
    case 0: model_rows_result_key(context, &state->rows, state->row); break;
    case 1: sqlite3_result_int64(context, (sqlite3_int64)state->output); break;
    case 2: result_feature(state, context, state->feature); break;
    case 3: result_feature(state, context, state->other); break;
    case 4: sqlite3_result_double(context, *state->number); break;
    }
}

static void explain_close(void *opaque) {
    explain_state *state = opaque;
    shap_forest_free(&state->explainer);
    memory_free(&state->rows.budget, state->numbers);
    model_rows_close(&state->rows);
    memory_free(NULL, state);
}

const athlete_table gbdt_explain_table = {
    .columns = "\"key\", output INTEGER, feature TEXT, value, contribution REAL",
    .expected_rows = 100000,
    .open = explain_open,
    .next = explain_next,
    .column = explain_column,
    .close = explain_close,
};

const athlete_table gbdt_interactions_table = {
    .columns = "\"key\", output INTEGER, feature_1 TEXT, feature_2 TEXT, contribution REAL",
    .expected_rows = 1000000,
    .open = interactions_open,
    .next = interactions_next,
    .column = interactions_column,
    .close = explain_close,
};
