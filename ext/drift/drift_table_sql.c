/* drift(reference_query, current_query): one row for each column and metric.
**
** R1  Both queries give the same columns, by name and in any order.
** R2  A column whose values are all numbers has the metrics of distribution functions, and those of shares over 10 bins; any other
**     column those of shares over its values. What is missing is a share of its own.
** R3  A metric without a value says why. */
#include "base/binding/query.h"
#include "drift/drift_callbacks_sql.h"
#include "drift/drift_metrics_sql.h"

typedef struct drift_table_state {
    athlete_budget budget;
    athlete_poll poll;
    char **names;
    drift_rows *columns;
    int n_columns, column; /* of the metrics below; from -1 */
    int64_t n_rows[2];
    drift_metric metrics[DRIFT_METRICS];
    int metric;
} drift_table_state;

/* --- reading -------------------------------------------------------------------------------------------- */

static int drift_column_named(const drift_table_state *state, const char *name) {
    for (int i = 0; name && i < state->n_columns; i++)
        if (state->names[i] && sqlite3_stricmp(state->names[i], name) == 0) return i;
    return -1;
}

static athlete_status drift_name_columns(athlete_call *call, drift_table_state *state, sqlite3_stmt *query) {
    int n = sqlite3_column_count(query);
    state->names = memory_zeroed(NULL, (size_t)n, sizeof *state->names);
    state->columns = memory_zeroed(NULL, (size_t)n, sizeof *state->columns);
    if (!state->names || !state->columns) return ATHLETE_NOMEM;
    for (int i = 0; i < n; i++) {
        const char *name = sqlite3_column_name(query, i);
        if (drift_column_named(state, name) >= 0)
            return fault_refuse(&call->fault, "the reference query has two columns %.60s", name);
        state->names[state->n_columns++] = sqlite3_mprintf("%s", name);
        if (!state->names[i]) return ATHLETE_NOMEM;
    }
    return ATHLETE_OK;
}

static bool is_among(const int *places, int n, int place) {
    for (int i = 0; i < n; i++)
        if (places[i] == place) return true;
    return false;
}

/* Where each column of the current query is in the reference's, which are all there. */
static athlete_status match_columns(athlete_call *call, const drift_table_state *state, sqlite3_stmt *query,
                                    int *place) {
    int n = sqlite3_column_count(query);
    for (int i = 0; i < n; i++) {
        const char *name = sqlite3_column_name(query, i);
        place[i] = drift_column_named(state, name);
        if (place[i] < 0)
            return fault_refuse(&call->fault,
                                "the reference query has no column %.60s, which the current one has", name);
        if (is_among(place, i, place[i]))
            return fault_refuse(&call->fault, "the current query has two columns %.60s", name);
    }
    for (int i = 0; i < state->n_columns; i++) {
        if (!is_among(place, n, i))
            return fault_refuse(&call->fault,
                                "the current query has no column %.60s, which the reference has",
                                state->names[i]);
    }
    return ATHLETE_OK;
}

static athlete_status read_rows(athlete_call *call, drift_table_state *state, sqlite3_stmt *query,
                                const int *place, drift_side side) {
    int code, n = sqlite3_column_count(query);
    athlete_status status = ATHLETE_OK;
    while (status == ATHLETE_OK && (code = sqlite3_step(query)) == SQLITE_ROW) {
        state->n_rows[side]++;
        for (int i = 0; i < n && status == ATHLETE_OK; i++)
            status = drift_rows_add(&state->budget, &state->columns[place ? place[i] : i], side,
                                    sqlite3_column_value(query, i));
    }
    if (status != ATHLETE_OK || code == SQLITE_DONE) return status;
    return status_of_code(call->db, code, "the query failed: ", &call->fault);
}

static athlete_status read_query(athlete_call *call, drift_table_state *state, sqlite3_value *sql,
                                 drift_side side) {
    sqlite3_stmt *query;
    athlete_status status =
        query_open(call->db, (const char *)sqlite3_value_text(sql), 1, "values", &query, &call->fault);
    if (status != ATHLETE_OK) return status;
    int *place = NULL;
    if (side == DRIFT_REFERENCE) {
        status = drift_name_columns(call, state, query);
    } else {
        place = memory_alloc(NULL, (size_t)sqlite3_column_count(query), sizeof *place);
        status = place ? match_columns(call, state, query, place) : ATHLETE_NOMEM;
    }
    if (status == ATHLETE_OK) status = read_rows(call, state, query, place, side);
    memory_free(NULL, place);
    sqlite3_finalize(query);
    return status;
}

static athlete_status drift_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    drift_table_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    state->column = -1;
    poll_begin(&state->poll, call->db);
    athlete_status status = read_query(call, state, argv[0], DRIFT_REFERENCE);
    if (status == ATHLETE_OK) status = read_query(call, state, argv[1], DRIFT_CURRENT);
    return status;
}

/* --- the metrics of a column ---------------------------------------------------------------------------- */

static athlete_status drift_compare_column(drift_table_state *state) {
    drift_rows *rows = &state->columns[state->column];
    athlete_status status = drift_measure(&state->budget, &state->poll, rows, state->n_rows, state->metrics);
    drift_rows_free(&state->budget, rows);
    return status;
}

/* Moves to the next metric that the column has; false when there is none. */
static bool drift_next_metric(drift_table_state *state) {
    while (++state->metric < DRIFT_METRICS)
        if (state->metrics[state->metric].name) return true;
    return false;
}

static int drift_next(athlete_call *call, void *opaque) {
    drift_table_state *state = opaque;
    if (state->column >= 0 && drift_next_metric(state)) return SQLITE_ROW;
    if (++state->column >= state->n_columns) return SQLITE_DONE;
    athlete_status status = drift_compare_column(state);
    if (status != ATHLETE_OK) return call_fail_status(call, status);
    state->metric = -1;
    drift_next_metric(state); /* those of shares every column has */
    return SQLITE_ROW;
}

static void drift_column(void *opaque, sqlite3_context *context, int column) {
    const drift_table_state *state = opaque;
    const drift_metric *metric = &state->metrics[state->metric];
    switch (column) {
    case 0: sqlite3_result_text(context, state->names[state->column], -1, SQLITE_TRANSIENT); break;
    case 1: sqlite3_result_text(context, metric->name, -1, SQLITE_STATIC); break;
    case 2: sqlite3_result_double(context, metric->value); break;
    case 3: sqlite3_result_double(context, metric->p); break;
    case 4: sqlite3_result_int64(context, metric->n[DRIFT_REFERENCE]); break;
    case 5: sqlite3_result_int64(context, metric->n[DRIFT_CURRENT]); break;
    case 6:
        if (metric->reason) sqlite3_result_text(context, metric->reason, -1, SQLITE_STATIC);
        break;
    }
}

static void drift_close(void *opaque) {
    drift_table_state *state = opaque;
    for (int i = 0; i < state->n_columns; i++) {
        drift_rows_free(&state->budget, &state->columns[i]);
        sqlite3_free(state->names[i]);
    }
    memory_free(NULL, state->names);
    memory_free(NULL, state->columns);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

const athlete_table drift_table = {
    .columns = "column_name TEXT, metric TEXT, value REAL, pvalue REAL, n_reference INTEGER, "
               "n_current INTEGER, reason TEXT",
    .expected_rows = 100,
    .open = drift_open,
    .next = drift_next,
    .column = drift_column,
    .close = drift_close,
};
