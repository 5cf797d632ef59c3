/* Binding of gbdt_score: a query's rows in blocks through the scorer.
**
** Rows are answered in the order in which the query gives them. Memory is one block of SCORER_ROWS rows, whatever is
** read. */
#include "trees/class_sql.h"
#include "trees/model/predict.h"
#include "trees/model_rows_sql.h"
#include "trees/trees_callbacks_sql.h"

enum { OUT_KEY, OUT_VALUE, OUT_CLASS, OUT_TREE };

typedef enum score_output { OUTPUT_VALUE, OUTPUT_MARGIN, OUTPUT_PROBABILITIES, OUTPUT_LEAF } score_output;

typedef struct score_options {
    int output;
    int match;
    sqlite3_int64 nthread;
    char *iteration_range;
} score_options;

const athlete_option score_options_table[] = {
    {"output", NULL, OPTION_CHOICE, offsetof(score_options, output), 0, 0, "value|margin|probabilities|leaf",
     "value",
     "a row per key; of probabilities one per key and class; of leaf one per key and tree, the number of its "
     "node"},
    {"match", NULL, OPTION_CHOICE, offsetof(score_options, match), 0, 0, "name|position",
     "(name if the model has feature names)", "how columns are told to be features"},
    {"iteration_range", NULL, OPTION_LIST, offsetof(score_options, iteration_range), 0, 0, NULL,
     "(all rounds)", MODEL_ROWS_RANGE},
    {"nthread", NULL, OPTION_INTEGER, offsetof(score_options, nthread), 0, 1024, NULL, NULL,
     "accepted for XGBoost's sake: the query is read by one thread"},
    {.name = NULL},
};

typedef struct score_state {
    model_rows rows;
    scorer_block block;
    score_options options;
    size_t row;           /* of the block, being answered */
    size_t n_items, item; /* answers per row: outputs, classes or trees */
} score_state;

/* --- opening -------------------------------------------------------------------------------------------- */

static athlete_status score_read_options(athlete_call *call, score_options *options,
                                         sqlite3_value *argument) {
    options->match = MATCH_DEFAULT;
    const char *json = argument ? (const char *)sqlite3_value_text(argument) : NULL;
    return options_read(score_options_table, json, options, &call->fault);
}

static athlete_status open_model(athlete_call *call, score_state *state, sqlite3_value *argument) {
    athlete_status status = model_rows_open(call, &state->rows, argument);
    if (status == ATHLETE_OK) status = model_prepare(state->rows.cached);
    if (status == ATHLETE_OK) status = scorer_block_open(state->rows.cached->compiled, NULL, &state->block);
    return status == ATHLETE_OK
               ? model_rows_span(model_rows_model(&state->rows), state->options.iteration_range,
                                 &state->block.trees, &call->fault)
               : status;
}

/* How many answers a row gets. */
static athlete_status count_items(athlete_call *call, score_state *state) {
    const forest *model = &state->rows.cached->model;
    state->n_items = (size_t)model->n_outputs;
    switch ((score_output)state->options.output) {
    case OUTPUT_VALUE:
        if (model->link == MODEL_SOFTMAX) state->n_items = 1;
        break;
    case OUTPUT_MARGIN: break;
    case OUTPUT_PROBABILITIES:
        if (model->link == MODEL_SOFTMAX) break;
        if (model->link == MODEL_LOGISTIC && model->n_outputs == 1) {
            state->n_items = 2;
            break;
        }
        return fault_refuse(&call->fault,
                            "option \"output\" is probabilities, and the model is not one of classes");
    case OUTPUT_LEAF: state->n_items = state->block.trees.end - state->block.trees.first; break;
    }
    return ATHLETE_OK;
}

static athlete_status score_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    score_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    athlete_status status = score_read_options(call, &state->options, argc > 2 ? argv[2] : NULL);
    if (status == ATHLETE_OK) status = open_model(call, state, argv[0]);
    if (status == ATHLETE_OK) status = count_items(call, state);
    if (status != ATHLETE_OK) return status;
    const row_places places = {
        .features = state->block.columns, .feature_stride = SCORER_STRIDE, .row_stride = 1};
    return model_rows_query(&state->rows, argv[1], (column_match)state->options.match, SCORER_ROWS, places);
}

static void score_close(void *opaque) {
    score_state *state = opaque;
    scorer_block_close(NULL, &state->block);
    sqlite3_free(state->options.iteration_range);
    model_rows_close(&state->rows);
    memory_free(NULL, state);
}

/* --- scoring -------------------------------------------------------------------------------------------- */

/* Turns the block's margins into what the option asks for, in place. */
static void score_finish(score_state *state) {
    const forest *model = &state->rows.cached->model;
    if (state->options.output == OUTPUT_MARGIN) return;
    float *row = state->rows.cached->margins, *margins = state->block.margins;
    for (size_t r = 0; r < state->rows.n; r++) {
        for (int o = 0; o < model->n_outputs; o++) row[o] = margins[(size_t)o * SCORER_ROWS + r];
        if (state->options.output == OUTPUT_VALUE && model->link == MODEL_SOFTMAX) {
            margins[r] = (float)forest_likeliest(model, row);
            continue;
        }
        forest_outputs(model, row);
        for (int o = 0; o < model->n_outputs; o++) margins[(size_t)o * SCORER_ROWS + r] = row[o];
    }
}

static int read_block(athlete_call *call, score_state *state) {
    model_rows *rows = &state->rows;
    state->row = state->item = 0;
    athlete_status status = model_rows_next(rows);
    if (status == ATHLETE_OK && rows->n > 0 && state->options.output != OUTPUT_LEAF) {
        status = scorer_margins(rows->cached->compiled, &state->block, rows->n, &rows->poll);
        if (status == ATHLETE_OK) score_finish(state);
    }
    if (status == ATHLETE_OK) return SQLITE_OK;
    return call->code != SQLITE_OK ? call->code : call_fail_status(call, status);
}

static int score_next(athlete_call *call, void *opaque) {
    score_state *state = opaque;
    if (state->rows.n > 0 && ++state->item == state->n_items) {
        state->item = 0;
        state->row++;
    }
    while (state->row >= state->rows.n || state->n_items == 0) {
        if (state->rows.ended) return SQLITE_DONE;
        int rc = read_block(call, state);
        if (rc != SQLITE_OK) return rc;
    }
    return SQLITE_ROW;
}

/* --- answering ------------------------------------------------------------------------------------------ */

static void answer_value(const score_state *state, sqlite3_context *context) {
    const forest *model = &state->rows.cached->model;
    const float *margins = state->block.margins + state->row;
    if (state->options.output == OUTPUT_LEAF) {
        size_t tree = state->block.trees.first + state->item;
        const tree_node *leaf = forest_leaf(model, tree, state->block.columns + state->row, SCORER_STRIDE);
        sqlite3_result_int64(context, leaf - (model->nodes + forest_tree_start(model, tree)));
    } else if (state->options.output == OUTPUT_VALUE && model->link == MODEL_SOFTMAX) {
        class_answer(context, model, (int)margins[0]);
    } else if (state->options.output == OUTPUT_PROBABILITIES && model->n_outputs == 1) {
        sqlite3_result_double(context, (double)(state->item == 1 ? margins[0] : 1.0f - margins[0]));
    } else {
        sqlite3_result_double(context, (double)margins[state->item * SCORER_ROWS]);
    }
}

static void score_column(void *opaque, sqlite3_context *context, int column) {
    const score_state *state = opaque;
    bool leaf = state->options.output == OUTPUT_LEAF;
    switch (column) {
    case OUT_KEY: model_rows_result_key(context, &state->rows, state->row); break;
    case OUT_VALUE: answer_value(state, context); break;
    case OUT_CLASS:
        if (!leaf && state->n_items > 1) class_answer(context, &state->rows.cached->model, (int)state->item);
        break;
    case OUT_TREE:
        if (leaf) sqlite3_result_int64(context, (sqlite3_int64)(state->block.trees.first + state->item));
        break;
    }
}

const athlete_table gbdt_score_table = {
    .columns = "key, value, class, tree INTEGER",
    .expected_rows = 1000000,
    .open = score_open,
    .next = score_next,
    .column = score_column,
    .close = score_close,
};
