/* profile(query[, values]): one row for each column of a query, in one pass over its rows.
**
** R1  Numbers count as doubles. Which value is the least and which the greatest is SQLite's order: numbers, texts, blobs.
** R2  What is NULL counts as a row, and as nothing else. */
#include <math.h>
#include <string.h>
#include "base/binding/query.h"
#include "base/own_statement.h"
#include "drift/drift_callbacks_sql.h"
#include "drift/drift_rows_sql.h"
#include "statistics/profile.h"

typedef struct profile_column {
    drift_rows rows; /* all of the current sample */
    sqlite3_value *least, *greatest;
    int64_t n_lengths, shortest, longest; /* of texts in characters, of blobs in bytes */
    double lengths;
} profile_column;

typedef struct profile_state {
    athlete_budget budget;
    athlete_poll poll;
    sqlite3_stmt *query;
    profile_column *columns;
    char **names;
    int n_columns, column; /* of `found`; from -1 */
    int64_t n_rows;
    bool is_read;
    number_profile found;
} profile_state;

/* --- reading -------------------------------------------------------------------------------------------- */

/* Numbers before texts, texts before blobs. */
static int rank_of(int type) {
    return type == SQLITE_BLOB ? 2 : type == SQLITE_TEXT ? 1 : 0;
}

/* Of two values that are not NULL, in SQLite's order: below 0, 0, above 0. */
static int compare_values(sqlite3_value *a, sqlite3_value *b) {
    int type = sqlite3_value_type(a), other = sqlite3_value_type(b);
    if (rank_of(type) != rank_of(other)) return rank_of(type) - rank_of(other);
    if (rank_of(type) == 0) {
        if (type == SQLITE_INTEGER && other == SQLITE_INTEGER) {
            sqlite3_int64 x = sqlite3_value_int64(a), y = sqlite3_value_int64(b);
            return (x > y) - (x < y);
        }
        double x = sqlite3_value_double(a), y = sqlite3_value_double(b);
        return (x > y) - (x < y);
    }
    const void *x = sqlite3_value_blob(a), *y = sqlite3_value_blob(b);
    int n = sqlite3_value_bytes(a), m = sqlite3_value_bytes(b), common = n < m ? n : m;
    int found = common > 0 && x && y ? memcmp(x, y, (size_t)common) : 0;
    return found ? found : (n > m) - (n < m);
}

static athlete_status keep_value(sqlite3_value **kept, sqlite3_value *value) {
    sqlite3_value_free(*kept);
    *kept = sqlite3_value_dup(value);
    return *kept ? ATHLETE_OK : ATHLETE_NOMEM;
}

/* A text's characters, as SQLite's length counts them: up to the first zero byte. */
static int64_t length_of(sqlite3_value *value) {
    if (sqlite3_value_type(value) == SQLITE_BLOB) return sqlite3_value_bytes(value);
    const unsigned char *text = sqlite3_value_text(value);
    int64_t n = 0;
    for (; text && *text; text++) n += (*text & 0xc0) != 0x80;
    return n;
}

static void take_length(profile_column *column, sqlite3_value *value) {
    int64_t n = length_of(value);
    if (column->n_lengths == 0 || n < column->shortest) column->shortest = n;
    if (column->n_lengths == 0 || n > column->longest) column->longest = n;
    column->n_lengths++;
    column->lengths += (double)n; /* exact up to 2^53 characters */
}

static athlete_status take_value(profile_state *state, profile_column *column, sqlite3_value *value) {
    athlete_status status = drift_rows_add(&state->budget, &column->rows, DRIFT_CURRENT, value);
    int type = sqlite3_value_type(value);
    if (status != ATHLETE_OK || type == SQLITE_NULL) return status;
    if (rank_of(type) > 0) take_length(column, value);
    if (!column->least || compare_values(value, column->least) < 0)
        status = keep_value(&column->least, value);
    if (status == ATHLETE_OK && (!column->greatest || compare_values(value, column->greatest) > 0))
        status = keep_value(&column->greatest, value);
    return status;
}

static athlete_status profile_name_columns(profile_state *state) {
    int n = sqlite3_column_count(state->query);
    state->names = memory_zeroed(NULL, (size_t)n, sizeof *state->names);
    state->columns = memory_zeroed(NULL, (size_t)n, sizeof *state->columns);
    if (!state->names || !state->columns) return ATHLETE_NOMEM;
    for (; state->n_columns < n; state->n_columns++) {
        state->names[state->n_columns] =
            sqlite3_mprintf("%s", sqlite3_column_name(state->query, state->n_columns));
        if (!state->names[state->n_columns]) return ATHLETE_NOMEM;
    }
    return ATHLETE_OK;
}

static athlete_status profile_read(athlete_call *call, profile_state *state) {
    int code = SQLITE_DONE;
    athlete_status status = ATHLETE_OK;
    while (status == ATHLETE_OK && (code = sqlite3_step(state->query)) == SQLITE_ROW) {
        state->n_rows++;
        for (int i = 0; i < state->n_columns && status == ATHLETE_OK; i++)
            status = take_value(state, &state->columns[i], sqlite3_column_value(state->query, i));
    }
    if (status == ATHLETE_OK && code != SQLITE_DONE)
        status = status_of_code(call->db, code, "the query failed: ", &call->fault);
    sqlite3_reset(state->query);
    state->is_read = status == ATHLETE_OK;
    return status;
}

static athlete_status profile_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    profile_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    state->column = -1;
    poll_begin(&state->poll, call->db);
    athlete_status status = query_open_values(call->db, (const char *)sqlite3_value_text(argv[0]), 1,
                                              "values", argc - 1, argv + 1, &state->query, &call->fault);
    return status == ATHLETE_OK ? profile_name_columns(state) : status;
}

static void profile_forget(profile_column *of) {
    sqlite3_value_free(of->least);
    sqlite3_value_free(of->greatest);
    *of = (profile_column){.rows = of->rows};
}

static bool profile_again(void *opaque, int argc, sqlite3_value **argv) {
    profile_state *state = opaque;
    if (!query_again(state->poll.db, (const char *)sqlite3_value_text(argv[0]), argc - 1, argv + 1,
                     &state->query) ||
        sqlite3_column_count(state->query) != state->n_columns)
        return false;
    for (int i = 0; i < state->n_columns; i++) {
        drift_rows_clear(&state->budget, &state->columns[i].rows);
        profile_forget(&state->columns[i]);
    }
    state->n_rows = 0;
    state->is_read = false;
    state->column = -1;
    return true;
}

/* --- answering ------------------------------------------------------------------------------------------ */

static int profile_next(athlete_call *call, void *opaque) {
    profile_state *state = opaque;
    athlete_status status = state->is_read ? ATHLETE_OK : profile_read(call, state);
    if (status != ATHLETE_OK) return call_fail_status(call, status);
    if (++state->column >= state->n_columns) return SQLITE_DONE;
    drift_rows *rows = &state->columns[state->column].rows;
    status = number_profile_of(&state->budget, &state->poll, rows->numbers[DRIFT_CURRENT],
                               rows->n_numbers[DRIFT_CURRENT], &state->found);
    return status == ATHLETE_OK ? SQLITE_ROW : call_fail_status(call, status);
}

static void profile_result_length(sqlite3_context *context, const profile_column *of, int which) {
    if (of->n_lengths == 0) return;
    if (which == 2) sqlite3_result_double(context, of->lengths / (double)of->n_lengths);
    else sqlite3_result_int64(context, which == 0 ? of->shortest : of->longest);
}

static void profile_result(void *opaque, sqlite3_context *context, int column) {
    const profile_state *state = opaque;
    const profile_column *of = &state->columns[state->column];
    const number_profile *found = &state->found;
    switch (column) {
    case 0: sqlite3_result_text(context, state->names[state->column], -1, SQLITE_TRANSIENT); break;
    case 1: sqlite3_result_int64(context, state->n_rows); break;
    case 2: sqlite3_result_int64(context, state->n_rows - of->rows.missing.current); break;
    case 3: sqlite3_result_int64(context, (sqlite3_int64)found->n_zeros); break;
    case 4:
        sqlite3_result_int64(
            context, (sqlite3_int64)(found->n_distinct + of->rows.texts.counts.n + of->rows.blobs.counts.n));
        break;
    case 5: sqlite3_result_double(context, found->mean); break;
    case 6: sqlite3_result_double(context, found->variance); break;
    case 7:
        if (of->least) sqlite3_result_value(context, of->least);
        break;
    case 8:
        if (of->greatest) sqlite3_result_value(context, of->greatest);
        break;
    case 14:
    case 15:
    case 16: profile_result_length(context, of, column - 14); break;
    default: sqlite3_result_double(context, found->quantiles[column - 9]); break;
    }
}

static void profile_close(void *opaque) {
    profile_state *state = opaque;
    for (int i = 0; i < state->n_columns; i++) {
        drift_rows_free(&state->budget, &state->columns[i].rows);
        profile_forget(&state->columns[i]);
        sqlite3_free(state->names[i]);
    }
    memory_free(NULL, state->names);
    memory_free(NULL, state->columns);
    own_finalize(state->poll.db, &state->query);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

const athlete_table profile_table = {
    .columns =
        "column_name TEXT, n INTEGER, n_known INTEGER, n_zeros INTEGER, n_distinct INTEGER, mean REAL, "
        "variance REAL, min, max, quantile_05 REAL, quantile_25 REAL, median REAL, quantile_75 REAL, "
        "quantile_95 REAL, min_length INTEGER, max_length INTEGER, mean_length REAL",
    .expected_rows = 10,
    .open = profile_open,
    .next = profile_next,
    .column = profile_result,
    .close = profile_close,
    .again = profile_again,
};
