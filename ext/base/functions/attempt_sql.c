/* attempt(query, values): a query that may fail, within a statement that must not. A stage that works through what others
** defined goes on with the next when one fails, and keeps the sentence. */
#include "base/functions/base_callbacks_sql.h"

#include "base/binding/query.h"
#include "base/memory.h"
#include "base/own_statement.h"

typedef struct attempt_state {
    sqlite3 *db;
    sqlite3_stmt *statement;
    int n_columns; /* of the query that are answered */
    athlete_fault fault;
    bool failed, ended;
} attempt_state;

/* What a query's text or its data can be the cause of. Lack of memory or room, an interruption and a locked or broken file
** end the caller, too. */
static bool is_own_fault(int code) {
    code &= 0xff;
    return code == SQLITE_ERROR || code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH ||
           code == SQLITE_RANGE || code == SQLITE_TOOBIG || code == SQLITE_AUTH;
}

static void attempt_fail(attempt_state *state, const char *sentence) {
    fault_refuse(&state->fault, "%s", sentence);
    state->failed = true;
}

static athlete_status attempt_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    attempt_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->db = call->db;
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    if (!sql) return ATHLETE_NOMEM;
    athlete_status status = query_open_values(call->db, sql, 1, "c1[, c2, …]", argc - 1, argv + 1,
                                              &state->statement, &call->fault);
    if (status == ATHLETE_INVALID) {
        attempt_fail(state, call->fault.text);
        fault_clear(&call->fault);
        return ATHLETE_OK;
    }
    if (status != ATHLETE_OK) return status;
    state->n_columns = sqlite3_column_count(state->statement);
    return ATHLETE_OK;
}

/* The rows, and after them the fault, if there was one, in a row of its own. */
static int attempt_next(athlete_call *call, void *opaque) {
    attempt_state *state = opaque;
    if (state->ended) return SQLITE_DONE;
    if (!state->failed) {
        int rc = sqlite3_step(state->statement);
        if (rc == SQLITE_ROW || rc == SQLITE_DONE) return rc;
        if (!is_own_fault(rc)) return query_fail(call, rc);
        attempt_fail(state, sqlite3_errmsg(state->db));
    }
    state->ended = true;
    return SQLITE_ROW;
}

static void attempt_column(void *opaque, sqlite3_context *context, int column) {
    attempt_state *state = opaque;
    if (column == 0) {
        if (state->failed) sqlite3_result_text(context, state->fault.text, -1, SQLITE_TRANSIENT);
    } else if (!state->failed && column <= state->n_columns) {
        sqlite3_result_value(context, sqlite3_column_value(state->statement, column - 1));
    }
}

static bool attempt_again(void *opaque, int argc, sqlite3_value **argv) {
    attempt_state *state = opaque;
    if (!query_again(state->db, (const char *)sqlite3_value_text(argv[0]), argc - 1, argv + 1,
                     &state->statement))
        return false;
    state->failed = state->ended = false;
    return true;
}

static void attempt_close(void *opaque) {
    attempt_state *state = opaque;
    own_finalize(state->db, &state->statement);
    memory_free(NULL, state);
}

const athlete_table attempt_table = {
    .columns = "fault TEXT, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, "
               "c19, c20, c21, c22, c23, c24, c25, c26, c27, c28, c29, c30, c31, c32, c33, c34, c35, c36, "
               "c37, c38, c39, c40",
    .expected_rows = 100,
    .open = attempt_open,
    .next = attempt_next,
    .column = attempt_column,
    .close = attempt_close,
    .again = attempt_again,
};
