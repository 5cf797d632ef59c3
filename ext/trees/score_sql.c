/* Binding of gbdt_score: a query's rows in blocks through the scorer.
**
** Rows are answered in the order in which the query gives them. Memory is one block of SCORER_ROWS rows, whatever is
** read. */
#include "base/options.h"
#include "base/query.h"
#include "base/row_feed.h"
#include "trees/feature_sql.h"
#include "trees/model_cache.h"
#include "trees/predict.h"
#include "trees/score_columns_sql.h"
#include "trees/trees_callbacks.h"

enum { OUT_KEY, OUT_VALUE, OUT_CLASS, OUT_TREE };

typedef enum score_output { OUTPUT_VALUE, OUTPUT_MARGIN, OUTPUT_PROBABILITIES, OUTPUT_LEAF } score_output;

typedef struct score_options {
    int output;
    int match;
    sqlite3_int64 nthread;
} score_options;

static const athlete_option option_table[] = {
    {"output", NULL, OPTION_CHOICE, offsetof(score_options, output), 0, 0, "value|margin|probabilities|leaf",
     "default value"},
    {"match", NULL, OPTION_CHOICE, offsetof(score_options, match), 0, 0, "name|position",
     "default name if the model has feature names"},
    {"nthread", NULL, OPTION_INTEGER, offsetof(score_options, nthread), 0, 1024, NULL,
     "accepted for XGBoost's sake: the query is read by one thread"},
    {.name = NULL},
};

typedef struct score_key {
    int type;
    sqlite3_int64 integer;
    double real;
    sqlite3_value *other; /* text or blob */
} score_key;

typedef struct score_state {
    athlete_call *call;
    cached_model *cached;
    scorer_block block;
    athlete_poll poll;
    score_options options;
    row_feed feed;
    score_key keys[SCORER_ROWS];
    size_t n_rows, row;        /* read into the block; being answered */
    size_t n_items, item;      /* answers per row: outputs, classes or trees */
    sqlite3_int64 rows_before; /* of earlier blocks, for messages */
    bool ended;
} score_state;

/* --- reading -------------------------------------------------------------------------------------------- */

static bool keep_key(score_key *key, sqlite3_value *value) {
    key->type = sqlite3_value_type(value);
    switch (key->type) {
    case SQLITE_NULL: break;
    case SQLITE_INTEGER: key->integer = sqlite3_value_int64(value); break;
    case SQLITE_FLOAT: key->real = sqlite3_value_double(value); break;
    default: key->other = sqlite3_value_dup(value); return key->other != NULL;
    }
    return true;
}

static void forget_keys(score_state *state) {
    for (size_t r = 0; r < state->n_rows; r++) {
        sqlite3_value_free(state->keys[r].other);
        state->keys[r].other = NULL;
    }
    state->n_rows = 0;
}

static void refuse(score_state *state, int feature, sqlite3_value *value) {
    char *sentence = feature_refusal(&state->cached->model, feature, value);
    if (sentence) {
        call_fail(state->call, "row %lld: %s", state->rows_before + (sqlite3_int64)state->n_rows + 1,
                  sentence);
    } else {
        call_fail_status(state->call, ATHLETE_NOMEM, NULL);
    }
    sqlite3_free(sentence);
}

/* Takes part of a row: column 0 is the key, column f + 1 is feature f. */
static bool take(void *reader, int first, int n, sqlite3_value **values, bool complete) {
    score_state *state = reader;
    const forest *model = &state->cached->model;
    if (state->call->code != SQLITE_OK) return true;
    int i = 0;
    if (first == 0 && !keep_key(&state->keys[state->n_rows], values[i++])) {
        call_fail_status(state->call, ATHLETE_NOMEM, NULL);
        return true;
    }
    float *x = state->block.columns + (size_t)(first + i - 1) * SCORER_STRIDE + state->n_rows;
    for (; i < n; i++, x += SCORER_STRIDE) {
        if (feature_read(model, first + i - 1, values[i], x)) continue;
        refuse(state, first + i - 1, values[i]);
        return true;
    }
    if (complete) state->n_rows++;
    return state->n_rows == SCORER_ROWS;
}

/* --- opening -------------------------------------------------------------------------------------------- */

static athlete_status read_options(athlete_call *call, score_options *options, const char *json) {
    options->match = -1;
    char *message;
    athlete_status status = options_read(option_table, json, options, &message);
    if (status == ATHLETE_INVALID) call_fail(call, "%s", message);
    sqlite3_free(message);
    return status;
}

static athlete_status open_model(athlete_call *call, score_state *state, sqlite3_value *argument) {
    const char *text = (const char *)sqlite3_value_text(argument);
    if (!text) return ATHLETE_NOMEM;
    athlete_status status;
    model_fault fault;
    state->cached = model_open(text, (size_t)sqlite3_value_bytes(argument), &status, &fault);
    if (status == ATHLETE_INVALID) call_fail(call, "%s", fault.text);
    if (status == ATHLETE_OK) status = model_prepare(state->cached);
    return status == ATHLETE_OK ? scorer_block_open(state->cached->compiled, NULL, &state->block) : status;
}

/* How many answers a row gets. */
static athlete_status count_items(athlete_call *call, score_state *state) {
    const forest *model = &state->cached->model;
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
        call_fail(call, "option \"output\" is probabilities, and the model is not one of classes");
        return ATHLETE_INVALID;
    case OUTPUT_LEAF: state->n_items = model->n_trees; break;
    }
    return ATHLETE_OK;
}

static athlete_status open_query(athlete_call *call, score_state *state, sqlite3_value *argument) {
    const char *sql = (const char *)sqlite3_value_text(argument);
    if (!sql) return ATHLETE_NOMEM;
    sqlite3_stmt *query;
    int *column = NULL;
    char *message;
    athlete_status status = query_open(call->db, sql, 1, "key, feature, …", &query, &message);
    if (status == ATHLETE_OK)
        status = score_columns(&state->cached->model, query, state->options.match, &column, &message);
    if (status == ATHLETE_OK) {
        state->feed.reader = state;
        state->feed.take = take;
        status = row_feed_open(call->db, query, column, state->cached->model.n_features + 1, &state->feed,
                               &message);
    }
    if (status == ATHLETE_INVALID) call_fail(call, "%s", message);
    sqlite3_free(message);
    memory_free(NULL, column);
    sqlite3_finalize(query);
    return status;
}

static athlete_status score_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    score_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->call = call;
    poll_begin(&state->poll, call->db);
    const char *json = argc > 2 ? (const char *)sqlite3_value_text(argv[2]) : NULL;
    athlete_status status = read_options(call, &state->options, json);
    if (status == ATHLETE_OK) status = open_model(call, state, argv[0]);
    if (status == ATHLETE_OK) status = count_items(call, state);
    if (status == ATHLETE_OK) status = open_query(call, state, argv[1]);
    return status;
}

static void score_close(void *opaque) {
    score_state *state = opaque;
    state->n_rows = SCORER_ROWS; /* a key may have been kept of a row that was not finished */
    forget_keys(state);
    row_feed_close(&state->feed);
    scorer_block_close(NULL, &state->block);
    model_release(state->cached);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

/* --- scoring -------------------------------------------------------------------------------------------- */

static int largest(const float *margins, int n) {
    int at = 0;
    for (int k = 1; k < n; k++) {
        if (margins[k] > margins[at]) at = k;
    }
    return at;
}

/* Turns the block's margins into what the option asks for, in place. */
static void finish(score_state *state) {
    const forest *model = &state->cached->model;
    if (state->options.output == OUTPUT_MARGIN) return;
    float *row = state->cached->margins, *margins = state->block.margins;
    for (size_t r = 0; r < state->n_rows; r++) {
        for (int o = 0; o < model->n_outputs; o++) row[o] = margins[(size_t)o * SCORER_ROWS + r];
        if (state->options.output == OUTPUT_VALUE && model->link == MODEL_SOFTMAX) {
            margins[r] = (float)largest(row, model->n_outputs);
            continue;
        }
        forest_outputs(model, row);
        for (int o = 0; o < model->n_outputs; o++) margins[(size_t)o * SCORER_ROWS + r] = row[o];
    }
}

static int read_block(athlete_call *call, score_state *state) {
    state->rows_before += (sqlite3_int64)state->n_rows;
    forget_keys(state);
    state->row = state->item = 0;
    int rc = row_feed_step(&state->feed);
    if (call->code != SQLITE_OK) return call->code;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return query_fail(call, rc);
    state->ended = rc == SQLITE_DONE;
    if (state->n_rows == 0 || state->options.output == OUTPUT_LEAF) return SQLITE_OK;
    if (scorer_margins(state->cached->compiled, &state->block, state->n_rows, &state->poll) != ATHLETE_OK)
        return call_fail_status(call, ATHLETE_INTERRUPTED, NULL);
    finish(state);
    return SQLITE_OK;
}

static int score_next(athlete_call *call, void *opaque) {
    score_state *state = opaque;
    if (state->n_rows > 0 && ++state->item == state->n_items) {
        state->item = 0;
        state->row++;
    }
    while (state->row >= state->n_rows || state->n_items == 0) {
        if (state->ended) return SQLITE_DONE;
        int rc = read_block(call, state);
        if (rc != SQLITE_OK) return rc;
    }
    return SQLITE_ROW;
}

/* --- answering ------------------------------------------------------------------------------------------ */

static void answer_key(const score_key *key, sqlite3_context *context) {
    switch (key->type) {
    case SQLITE_NULL: break;
    case SQLITE_INTEGER: sqlite3_result_int64(context, key->integer); break;
    case SQLITE_FLOAT: sqlite3_result_double(context, key->real); break;
    default: sqlite3_result_value(context, key->other); break;
    }
}

static void answer_value(const score_state *state, sqlite3_context *context) {
    const forest *model = &state->cached->model;
    const float *margins = state->block.margins + state->row;
    if (state->options.output == OUTPUT_LEAF) {
        const tree_node *leaf =
            forest_leaf(model, state->item, state->block.columns + state->row, SCORER_STRIDE);
        sqlite3_result_int64(context, leaf - (model->nodes + forest_tree_start(model, state->item)));
    } else if (state->options.output == OUTPUT_VALUE && model->link == MODEL_SOFTMAX) {
        sqlite3_result_int(context, (int)margins[0]);
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
    case OUT_KEY: answer_key(&state->keys[state->row], context); break;
    case OUT_VALUE: answer_value(state, context); break;
    case OUT_CLASS:
        if (!leaf && state->n_items > 1) sqlite3_result_int64(context, (sqlite3_int64)state->item);
        break;
    case OUT_TREE:
        if (leaf) sqlite3_result_int64(context, (sqlite3_int64)state->item);
        break;
    }
}

const athlete_table gbdt_score_table = {
    .columns = "key, value, class INTEGER, tree INTEGER",
    .expected_rows = 1000000,
    .open = score_open,
    .next = score_next,
    .column = score_column,
    .close = score_close,
};
