/* select_rows(query): the rows of a SELECT that the caller says; stored_query(query): of one that a table keeps, which is
** judged before it is run. */
#include "base/functions/base_callbacks_sql.h"

#include "base/binding/query.h"
#include "base/judge/judge.h"
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
    athlete_status status = query_open(call->db, sql, 1, "c1[, c2, c3, c4]", &state->statement, &call->fault);
    if (status == ATHLETE_OK) state->n_columns = sqlite3_column_count(state->statement);
    return status;
}

static athlete_status select_judge(sqlite3 *db, const char *sql, athlete_fault *fault) {
    athlete_status status = judge_query(db, sql, NULL, fault);
    if (status == ATHLETE_INVALID) fault_refuse(fault, "the query%s", fault->text);
    return status;
}

static athlete_status stored_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    if (!sql) return ATHLETE_NOMEM;
    athlete_status status = select_judge(call->db, sql, &call->fault);
    if (status != ATHLETE_OK) return status;
    return select_open(call, argc, argv, out);
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

#define ROWS_TABLE(how)                                                                                      \
    {                                                                                                        \
        .columns = "c1, c2, c3, c4", .expected_rows = 1000, .open = (how), .next = select_next,              \
        .column = select_column, .close = select_close,                                                      \
    }

const athlete_table select_rows_table = ROWS_TABLE(select_open);
const athlete_table stored_query_table = ROWS_TABLE(stored_open);

void stored_query_fault_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    athlete_fault fault = {""};
    athlete_status status =
        sql ? select_judge(sqlite3_context_db_handle(context), sql, &fault) : ATHLETE_NOMEM;
    if (status == ATHLETE_INVALID) sqlite3_result_text(context, fault.text, -1, SQLITE_TRANSIENT);
    else function_fail_status(context, status, NULL);
}
