/* mean_shift_test(reference_query, current_query): a row for each column, which says also what it rests on, and why it is NULL.
** The values stay in the order of the queries, which is that of time. */
#include <math.h>
#include <string.h>
#include "base/binding/query.h"
#include "drift/drift_callbacks_sql.h"
#include "drift/drift_rows_sql.h"
#include "drift/own_windows.h"
#include "statistics/number_sort.h"

typedef struct shift_column {
    char *name;
    drift_rows rows;
    sqlite3_int64 n[2]; /* numbers, by side */
} shift_column;

typedef struct shift_state {
    athlete_budget budget;
    athlete_poll poll;
    shift_column *columns;
    int n_columns, column; /* of `found`; from -1 */
    own_windows found;
} shift_state;

static athlete_status shift_name_columns(shift_state *state, sqlite3_stmt *query) {
    int n = sqlite3_column_count(query);
    state->columns = memory_zeroed(NULL, (size_t)n, sizeof *state->columns);
    if (!state->columns) return ATHLETE_NOMEM;
    for (; state->n_columns < n; state->n_columns++) {
        state->columns[state->n_columns].name =
            sqlite3_mprintf("%s", sqlite3_column_name(query, state->n_columns));
        if (!state->columns[state->n_columns].name) return ATHLETE_NOMEM;
    }
    return ATHLETE_OK;
}

static athlete_status shift_read_row(athlete_call *call, shift_state *state, sqlite3_stmt *query,
                                     drift_side side) {
    athlete_status status = ATHLETE_OK;
    for (int i = 0; i < state->n_columns && status == ATHLETE_OK; i++) {
        shift_column *column = &state->columns[i];
        status = drift_rows_take(call, &state->budget, &column->rows, column->n, side,
                                 sqlite3_column_value(query, i), true);
    }
    return status;
}

static athlete_status shift_read_side(athlete_call *call, shift_state *state, sqlite3_value *sql,
                                      drift_side side) {
    sqlite3_stmt *query;
    athlete_status status = query_open(call->db, (const char *)sqlite3_value_text(sql), 1,
                                       "value[, value, …]", &query, &call->fault);
    if (status != ATHLETE_OK) return status;
    int code = SQLITE_DONE, n = sqlite3_column_count(query);
    if (side == DRIFT_REFERENCE) status = shift_name_columns(state, query);
    else if (n != state->n_columns) status = drift_refuse_columns(call, state->n_columns, n);
    while (status == ATHLETE_OK && (code = sqlite3_step(query)) == SQLITE_ROW)
        status = shift_read_row(call, state, query, side);
    if (status == ATHLETE_OK && code != SQLITE_DONE)
        status = status_of_code(call->db, code, "the query failed: ", &call->fault);
    sqlite3_finalize(query);
    return status;
}

static athlete_status shift_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    shift_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    state->column = -1;
    poll_begin(&state->poll, call->db);
    athlete_status status = shift_read_side(call, state, argv[0], DRIFT_REFERENCE);
    return status == ATHLETE_OK ? shift_read_side(call, state, argv[1], DRIFT_CURRENT) : status;
}

static int shift_next(athlete_call *call, void *opaque) {
    shift_state *state = opaque;
    if (++state->column >= state->n_columns) return SQLITE_DONE;
    const shift_column *column = &state->columns[state->column];
    if (drift_rows_reason(column->n)) return SQLITE_ROW;
    sample reference = drift_rows_numbers(&column->rows, DRIFT_REFERENCE);
    sample current = drift_rows_numbers(&column->rows, DRIFT_CURRENT);
    double *sorted = memory_alloc(&state->budget, reference.n, sizeof *sorted);
    if (!sorted) return call_fail_status(call, memory_status(&state->budget));
    memcpy(sorted, reference.values, reference.n * sizeof *sorted);
    athlete_status status = number_sort(&state->budget, &state->poll, sorted, reference.n);
    if (status == ATHLETE_OK)
        status = own_windows_compare(&state->budget, &state->poll, reference, (sample){sorted, reference.n},
                                     current, &state->found);
    memory_free(&state->budget, sorted);
    return status == ATHLETE_OK ? SQLITE_ROW : call_fail_status(call, status);
}

/* Why there is no verdict, or NULL. */
static const char *shift_reason(const shift_state *state) {
    const char *reason = drift_rows_reason(state->columns[state->column].n);
    return reason ? reason : own_windows_sentence(state->found.reason);
}

static void shift_result(void *opaque, sqlite3_context *context, int column) {
    const shift_state *state = opaque;
    const shift_column *of = &state->columns[state->column];
    const char *reason = shift_reason(state);
    double limit = state->found.limit;
    switch (column) {
    case 0:
        if (!reason) sqlite3_result_double(context, state->found.shift);
        break;
    case 1:
        if (!reason) sqlite3_result_double(context, limit);
        break;
    case 2:
        if (!reason) sqlite3_result_int(context, fabs(state->found.shift) > limit);
        break;
    case 3: sqlite3_result_int64(context, of->n[DRIFT_REFERENCE]); break;
    case 4: sqlite3_result_int64(context, of->n[DRIFT_CURRENT]); break;
    case 5:
        if (reason) sqlite3_result_text(context, reason, -1, SQLITE_STATIC);
        break;
    case 6: sqlite3_result_text(context, of->name, -1, SQLITE_TRANSIENT); break;
    }
}

static void shift_close(void *opaque) {
    shift_state *state = opaque;
    for (int i = 0; i < state->n_columns; i++) {
        drift_rows_free(&state->budget, &state->columns[i].rows);
        sqlite3_free(state->columns[i].name);
    }
    memory_free(NULL, state->columns);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

const athlete_table mean_shift_test_table = {
    .columns = "shift REAL, own_limit REAL, is_drift INTEGER, n_reference INTEGER, n_current INTEGER, "
               "reason TEXT, column_name TEXT",
    .expected_rows = 10,
    .open = shift_open,
    .next = shift_next,
    .column = shift_result,
    .close = shift_close,
};
