/* Binding of gbdt_fit: trains on the rows of a query, whose column names become the feature names. */
#include <string.h>
#include "base/binding/query.h"
#include "base/binding/row_feed.h"
#include "base/own_statement.h"
#include "trees/trainer/trainer_sql.h"
#include "trees/trees_callbacks_sql.h"

typedef struct fit_state {
    sqlite3_stmt *query;
    row_feed feed;
    athlete_poll poll;
    trainer trainer;
    trainer_result result;
    athlete_status status; /* of the row taken last */
    bool done;
} fit_state;

enum { OUT_MODEL, OUT_ROWS, OUT_VALIDATION_ROWS, OUT_ROUNDS, OUT_BEST, OUT_METRIC, OUT_LOSS };

/* Pauses when a row cannot be trained on. */
static bool fit_take(void *opaque, int first, int n, sqlite3_value **values, bool complete) {
    (void)complete;
    fit_state *state = opaque;
    if (state->status == ATHLETE_OK) state->status = trainer_take(&state->trainer, first, n, values);
    return state->status != ATHLETE_OK;
}

static athlete_status fit_fail(athlete_call *call, fit_state *state, athlete_status status) {
    const char *said = trainer_sentence(&state->trainer, status);
    if (*said) fault_refuse(&call->fault, "%s", said);
    call_fail_status(call, status);
    return status;
}

static athlete_status fit_begin(athlete_call *call, fit_state *state, const char *options) {
    int n_columns = sqlite3_column_count(state->query) - 1;
    const char **names = memory_alloc(NULL, (size_t)n_columns, sizeof *names);
    if (!names) return ATHLETE_NOMEM;
    athlete_status status = ATHLETE_OK;
    for (int i = 0; i < n_columns; i++) {
        names[i] = sqlite3_column_name(state->query, i + 1);
        if (!names[i]) status = ATHLETE_NOMEM;
    }
    if (status == ATHLETE_OK) status = trainer_begin(&state->trainer, options, n_columns, names);
    memory_free(NULL, names);
    return status == ATHLETE_OK ? ATHLETE_OK : fit_fail(call, state, status);
}

static athlete_status fit_open_feed(athlete_call *call, fit_state *state) {
    int *column = memory_alloc(NULL, (size_t)sqlite3_column_count(state->query), sizeof *column);
    if (!column) return ATHLETE_NOMEM;
    state->feed = (row_feed){.reader = state, .take = fit_take};
    athlete_status status = row_feed_open(call->db, state->query, column,
                                          trainer_order(&state->trainer, column), &state->feed, &call->fault);
    memory_free(NULL, column);
    return status;
}

static athlete_status fit_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    fit_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    poll_begin(&state->poll, call->db);
    const char *options = (const char *)sqlite3_value_text(argv[0]);
    const char *sql = (const char *)sqlite3_value_text(argv[1]);
    if (!options || !sql) return ATHLETE_NOMEM;
    athlete_status status = query_open(call->db, sql, 2, "label, feature, …", &state->query, &call->fault);
    if (status == ATHLETE_OK) status = fit_begin(call, state, options);
    return status == ATHLETE_OK ? fit_open_feed(call, state) : status;
}

static int fit_read_rows(athlete_call *call, fit_state *state) {
    int rc = row_feed_step(&state->feed);
    if (state->status != ATHLETE_OK) {
        fit_fail(call, state, state->status);
        return call->code;
    }
    return rc == SQLITE_DONE ? rc : query_fail(call, rc);
}

/* The feed is closed before the training: what it read is not kept locked meanwhile. */
static int fit_next(athlete_call *call, void *opaque) {
    fit_state *state = opaque;
    if (state->done) return SQLITE_DONE;
    state->done = true;
    int rc = fit_read_rows(call, state);
    if (rc != SQLITE_DONE || state->trainer.n_read == 0) return rc;
    row_feed_close(&state->feed);
    athlete_status status = trainer_finish(&state->trainer, &state->poll, &state->result);
    if (status == ATHLETE_OK) return SQLITE_ROW;
    fit_fail(call, state, status);
    return call->code;
}

static void fit_column(void *opaque, sqlite3_context *context, int column) {
    const fit_state *state = opaque;
    const trainer_result *result = &state->result;
    switch (column) {
    case OUT_MODEL:
        sqlite3_result_text64(context, result->model.bytes, result->model.length, SQLITE_TRANSIENT,
                              SQLITE_UTF8);
        break;
    case OUT_ROWS: sqlite3_result_int64(context, (sqlite3_int64)result->rows); break;
    case OUT_VALIDATION_ROWS: sqlite3_result_int64(context, (sqlite3_int64)result->validation_rows); break;
    case OUT_ROUNDS: sqlite3_result_int(context, result->rounds); break;
    case OUT_BEST: sqlite3_result_int(context, result->best); break;
    case OUT_METRIC: sqlite3_result_text(context, result->metric, -1, SQLITE_STATIC); break;
    case OUT_LOSS: sqlite3_result_double(context, result->loss); break;
    }
}

static void fit_close(void *opaque) {
    fit_state *state = opaque;
    row_feed_close(&state->feed);
    own_finalize(state->poll.db, &state->query);
    memory_free(&state->trainer.budget, state->result.model.bytes);
    trainer_free(&state->trainer);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

const athlete_table gbdt_fit_table = {
    .columns = "model TEXT, rows INTEGER, validation_rows INTEGER, rounds INTEGER, best_iteration INTEGER, "
               "metric TEXT, loss REAL",
    .expected_rows = 1,
    .open = fit_open,
    .next = fit_next,
    .column = fit_column,
    .close = fit_close,
};
