/* Binding of time_series_split and time_series_split_dates. */
#include <string.h>
#include "base/binding/query.h"
#include "base/memory.h"
#include "base/numbers/date.h"
#include "validation/time_split.h"
#include "validation/validation_callbacks_sql.h"

/* --- time_series_split ---------------------------------------------------------------------------------- */

static int64_t optional_integer(int argc, sqlite3_value **argv, int index) {
    return argc > index && argv[index] ? sqlite3_value_int64(argv[index]) : 0;
}

static athlete_status time_split_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    row_split *split = memory_zeroed(NULL, 1, sizeof *split);
    if (!split) return ATHLETE_NOMEM;
    *out = split;
    return row_split_begin(split, sqlite3_value_int64(argv[0]), sqlite3_value_int64(argv[1]),
                           optional_integer(argc, argv, 2), optional_integer(argc, argv, 3), &call->fault);
}

static int time_split_next(athlete_call *call, void *split) {
    (void)call;
    return row_split_next(split) ? SQLITE_ROW : SQLITE_DONE;
}

static void time_split_column(void *opaque, sqlite3_context *context, int column) {
    const row_split *split = opaque;
    switch (column) {
    case 0: sqlite3_result_int64(context, split->fold); break;
    case 1: sqlite3_result_text(context, split->in_test ? "test" : "train", -1, SQLITE_STATIC); break;
    case 2: sqlite3_result_int64(context, split->row); break;
    }
}

static void time_split_close(void *split) {
    memory_free(NULL, split);
}

const athlete_table time_series_split_table = {
    .columns = "fold INTEGER, part TEXT, row INTEGER",
    .expected_rows = 10000,
    .open = time_split_open,
    .next = time_split_next,
    .column = time_split_column,
    .close = time_split_close,
};

/* --- time_series_split_dates ---------------------------------------------------------------------------- */

typedef struct dates_state {
    athlete_budget budget;
    sqlite3_value **keys;
    int *days;
    size_t n_rows, keys_capacity, days_capacity;
    date_split split;
    size_t n_splits, fold, at; /* where the walk is: order[at] of the fold */
    bool in_test;
} dates_state;

static athlete_status keep_row(dates_state *state, sqlite3_stmt *query, int day) {
    athlete_status status =
        memory_reserve(&state->budget, &state->keys, &state->keys_capacity, state->n_rows + 1);
    if (status == ATHLETE_OK)
        status = memory_reserve(&state->budget, &state->days, &state->days_capacity, state->n_rows + 1);
    if (status != ATHLETE_OK) return status;
    sqlite3_value *key = sqlite3_value_dup(sqlite3_column_value(query, 0));
    if (!key) return ATHLETE_NOMEM;
    state->keys[state->n_rows] = key;
    state->days[state->n_rows++] = day;
    return ATHLETE_OK;
}

static athlete_status time_split_read_rows(athlete_call *call, dates_state *state, sqlite3_stmt *query) {
    int rc;
    while ((rc = sqlite3_step(query)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(query, 1);
        int day;
        if (!text || !date_parse(text, &day)) {
            return fault_refuse(&call->fault,
                                "row %zu of the query: day must be a date 'YYYY-MM-DD', got %s%.30s%s",
                                state->n_rows + 1, text ? "'" : "", text ? text : "NULL", text ? "'" : "");
        }
        athlete_status status = keep_row(state, query, day);
        if (status != ATHLETE_OK) return status;
    }
    return status_of_code(call->db, rc, "the query failed: ", &call->fault);
}

static athlete_status dates_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    dates_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    state->n_splits = (size_t)sqlite3_value_int64(argv[1]);
    int embargo_days = (int)optional_integer(argc, argv, 2);

    sqlite3_stmt *query;
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    if (!sql) return ATHLETE_NOMEM;
    athlete_status status = query_open(call->db, sql, 2, "key, day", &query, &call->fault);
    if (status != ATHLETE_OK) return status;
    status = time_split_read_rows(call, state, query);
    sqlite3_finalize(query);
    if (status != ATHLETE_OK) return status;

    status = date_split_build(state->days, state->n_rows, (int64_t)state->n_splits, embargo_days,
                              &state->budget, &state->split, &call->fault);
    state->at = SIZE_MAX; /* the first step goes to 0 */
    return status;
}

static int dates_next(athlete_call *call, void *opaque) {
    (void)call;
    dates_state *state = opaque;
    const date_fold *fold = &state->split.folds[state->fold];
    if (++state->at < (state->in_test ? fold->test_end : fold->train_end)) return SQLITE_ROW;
    if (state->in_test) {
        if (++state->fold == state->n_splits) return SQLITE_DONE;
        state->in_test = false;
        state->at = 0;
    } else {
        state->in_test = true;
        state->at = fold->test_begin;
    }
    return SQLITE_ROW; /* no part is empty */
}

static void dates_column(void *opaque, sqlite3_context *context, int column) {
    const dates_state *state = opaque;
    switch (column) {
    case 0: sqlite3_result_int64(context, (sqlite3_int64)state->fold); break;
    case 1: sqlite3_result_text(context, state->in_test ? "test" : "train", -1, SQLITE_STATIC); break;
    case 2: sqlite3_result_value(context, state->keys[state->split.order[state->at]]); break;
    }
}

static void dates_close(void *opaque) {
    dates_state *state = opaque;
    for (size_t i = 0; i < state->n_rows; i++) sqlite3_value_free(state->keys[i]);
    date_split_free(&state->budget, &state->split);
    memory_free(&state->budget, state->keys);
    memory_free(&state->budget, state->days);
    memory_free(NULL, state);
}

const athlete_table time_series_split_dates_table = {
    .columns = "fold INTEGER, part TEXT, key",
    .expected_rows = 10000,
    .open = dates_open,
    .next = dates_next,
    .column = dates_column,
    .close = dates_close,
};
