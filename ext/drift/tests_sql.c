/* ks_test and chi2_test(reference_query, current_query): one row that says also what it rests on, and why it is NULL. */
#include <math.h>
#include "base/binding/query.h"
#include "base/own_statement.h"
#include "drift/drift_callbacks_sql.h"
#include "drift/drift_rows_sql.h"

typedef struct test_state {
    athlete_budget budget;
    athlete_poll poll;
    drift_rows rows;
    sqlite3_int64 n[2]; /* rows that count, by side */
    bool is_done;
    ks_result ks;
    chi2_result chi2;
} test_state;

/* The first column of the query. */
static athlete_status read_side(athlete_call *call, test_state *state, const char *sql, drift_side side,
                                bool numbers) {
    sqlite3_stmt *query;
    athlete_status status = query_open(call->db, sql, 1, "value", &query, &call->fault);
    if (status != ATHLETE_OK) return status;
    int code;
    while (status == ATHLETE_OK && (code = sqlite3_step(query)) == SQLITE_ROW)
        status = drift_rows_take(call, &state->budget, &state->rows, state->n, side,
                                 sqlite3_column_value(query, 0), numbers);
    if (status == ATHLETE_OK && code != SQLITE_DONE)
        status = status_of_code(call->db, code, "the query failed: ", &call->fault);
    sqlite3_finalize(query);
    return status;
}

static athlete_status test_open(athlete_call *call, sqlite3_value **argv, bool numbers, test_state **out) {
    test_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    poll_begin(&state->poll, call->db);
    athlete_status status = ATHLETE_OK;
    for (int i = 0; i < 2 && status == ATHLETE_OK; i++)
        status = read_side(call, state, (const char *)sqlite3_value_text(argv[i]),
                           i == 0 ? DRIFT_REFERENCE : DRIFT_CURRENT, numbers);
    return status;
}

static athlete_status sorted_test_open(athlete_call *call, sqlite3_value **argv, bool numbers,
                                       test_state **out) {
    athlete_status status = test_open(call, argv, numbers, out);
    test_state *state = *out;
    return status == ATHLETE_OK ? drift_rows_sort(&state->budget, &state->poll, &state->rows) : status;
}

static athlete_status ks_test_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    test_state *state = NULL;
    athlete_status status = sorted_test_open(call, argv, true, &state);
    *out = state;
    if (status != ATHLETE_OK || state->n[0] == 0 || state->n[1] == 0) return status;
    return ks_compare(&state->budget, &state->poll, drift_rows_numbers(&state->rows, DRIFT_REFERENCE),
                      drift_rows_numbers(&state->rows, DRIFT_CURRENT), KS_AUTO, &state->ks);
}

static athlete_status chi2_test_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    test_state *state = NULL;
    athlete_status status = sorted_test_open(call, argv, false, &state);
    *out = state;
    if (status != ATHLETE_OK) return status;
    cell_list list = {0};
    status = drift_rows_cells(&state->budget, &state->poll, &state->rows, 0, &list);
    if (status == ATHLETE_OK) state->chi2 = chi2_compare(list.cells, list.n);
    memory_free(&state->budget, list.cells);
    return status;
}

static int test_next(athlete_call *call, void *opaque) {
    (void)call;
    test_state *state = opaque;
    if (state->is_done) return SQLITE_DONE;
    state->is_done = true;
    return SQLITE_ROW;
}

/* The columns that both have behind statistic and p. */
static void common_column(const test_state *state, sqlite3_context *context, int column) {
    const char *reason = drift_rows_reason(state->n);
    switch (column) {
    case 0: sqlite3_result_int64(context, state->n[DRIFT_REFERENCE]); break;
    case 1: sqlite3_result_int64(context, state->n[DRIFT_CURRENT]); break;
    case 2:
        if (reason) sqlite3_result_text(context, reason, -1, SQLITE_STATIC);
        break;
    }
}

static void ks_test_column(void *opaque, sqlite3_context *context, int column) {
    const test_state *state = opaque;
    if (column > 2) common_column(state, context, column - 3);
    else if (drift_rows_reason(state->n)) sqlite3_result_null(context);
    else if (column == 0) sqlite3_result_double(context, state->ks.statistic);
    else if (column == 1) sqlite3_result_double(context, state->ks.p);
    else sqlite3_result_text(context, state->ks.is_exact ? "exact" : "asymp", -1, SQLITE_STATIC);
}

static void chi2_test_column(void *opaque, sqlite3_context *context, int column) {
    const test_state *state = opaque;
    if (column > 2) common_column(state, context, column - 3);
    else if (drift_rows_reason(state->n)) sqlite3_result_null(context);
    else if (column == 0) sqlite3_result_double(context, state->chi2.statistic);
    else if (column == 1) sqlite3_result_double(context, state->chi2.p);
    else sqlite3_result_int64(context, state->chi2.degrees);
}

static void test_close(void *opaque) {
    test_state *state = opaque;
    drift_rows_free(&state->budget, &state->rows);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

const athlete_table ks_test_table = {
    .columns =
        "statistic REAL, pvalue REAL, method TEXT, n_reference INTEGER, n_current INTEGER, reason TEXT",
    .expected_rows = 1,
    .open = ks_test_open,
    .next = test_next,
    .column = ks_test_column,
    .close = test_close,
};

const athlete_table chi2_test_table = {
    .columns = "statistic REAL, pvalue REAL, degrees_of_freedom INTEGER, n_reference INTEGER, "
               "n_current INTEGER, reason TEXT",
    .expected_rows = 1,
    .open = chi2_test_open,
    .next = test_next,
    .column = chi2_test_column,
    .close = test_close,
};
