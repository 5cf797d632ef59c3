/* select_rows(query): the rows of a SELECT whose text is itself data, such as a quality rule kept in a table. */
#include "base/functions/select_rows_sql.h"

#include "base/binding/query.h"
#include "base/memory.h"
#include "base/own_statement.h"

#define N_COLUMNS 4

typedef struct select_state {
    sqlite3 *db;
    sqlite3_stmt *statement;
    int n_columns;
} select_state;

static athlete_status select_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    select_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->db = call->db;
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    if (!sql) return ATHLETE_NOMEM;
    char *message;
    athlete_status status = query_open(call->db, sql, 1, "c1[, c2, c3, c4]", &state->statement, &message);
    if (call_told(call, status, message) == ATHLETE_OK)
        state->n_columns = sqlite3_column_count(state->statement);
    return status;
}

static int select_next(athlete_call *call, void *opaque) {
    select_state *state = opaque;
    int rc = sqlite3_step(state->statement);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE) return rc;
    return query_fail(call, rc);
}

static void select_column(void *opaque, sqlite3_context *context, int column) {
    select_state *state = opaque;
    if (column < state->n_columns)
        sqlite3_result_value(context, sqlite3_column_value(state->statement, column));
}

static void select_close(void *opaque) {
    select_state *state = opaque;
    own_finalize(state->db, &state->statement);
    memory_free(NULL, state);
}

const athlete_table select_rows_table = {
    .columns = "c1, c2, c3, c4",
    .expected_rows = 1000,
    .open = select_open,
    .next = select_next,
    .column = select_column,
    .close = select_close,
};
