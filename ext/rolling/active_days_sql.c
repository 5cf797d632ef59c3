/* active_days(query[, since]): a row for each day, in the order of athlete and day; memory is one athlete's last year, whatever is
** read. */
#include "rolling/rolling_callbacks_sql.h"

#include <math.h>
#include <string.h>
#include "base/binding/query.h"
#include "base/memory.h"
#include "base/own_statement.h"
#include "base/poll.h"
#include "rolling/active_days.h"
#include "rolling/load_row_sql.h"

enum { DAY_ATHLETE, DAY_DAY, DAY_ACTIVE, DAY_COLUMNS };
#define DAY_FORM "athlete_id, day, is_active"

typedef struct active_state {
    sqlite3_stmt *query;
    char *since; /* NULL: all days are asked for */
    load_key athlete;
    bool in_athlete;
    active_history history;
    double answers[ACTIVE_ANSWER_COUNT];
    athlete_poll poll;
} active_state;

static athlete_status active_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    active_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    poll_begin(&state->poll, call->db);
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    if (!sql) return ATHLETE_NOMEM;
    if (argc > 1 && sqlite3_value_type(argv[1]) != SQLITE_NULL &&
        !(state->since = sqlite3_mprintf("%s", sqlite3_value_text(argv[1]))))
        return ATHLETE_NOMEM;
    return query_open_in_order(call->db, sql, DAY_COLUMNS, DAY_FORM, "NULL AS athlete, NULL AS day, 0",
                               "athlete COLLATE BINARY, day COLLATE BINARY", &state->query, &call->fault);
}

static void active_close(void *opaque) {
    active_state *state = opaque;
    own_finalize(state->poll.db, &state->query);
    sqlite3_value_free(state->athlete.value);
    sqlite3_free(state->since);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

static int active_row_fail(athlete_call *call, sqlite3_stmt *query) {
    sqlite3_str *expected = sqlite3_str_new(NULL);
    sqlite3_str_appendall(expected, "is_active must be a number, got ");
    value_describe(expected, sqlite3_column_value(query, DAY_ACTIVE));
    athlete_status status = fault_refuse_str(&call->fault, expected);
    if (status != ATHLETE_INVALID) return call_fail_status(call, status);
    const char *athlete = (const char *)sqlite3_column_text(query, DAY_ATHLETE);
    const char *day = (const char *)sqlite3_column_text(query, DAY_DAY);
    return call_fail(call, "athlete %.40s, day %.40s: %s", athlete ? athlete : "NULL", day ? day : "NULL",
                     call->fault.text);
}

/* Takes the next day of the query; SQLITE_ROW, or what `next` must return. */
static int active_take(athlete_call *call, active_state *state) {
    int rc = sqlite3_step(state->query);
    if (rc == SQLITE_DONE) return SQLITE_DONE;
    if (rc != SQLITE_ROW) return query_fail(call, rc);
    sqlite3_value *athlete = sqlite3_column_value(state->query, DAY_ATHLETE);
    if (!state->in_athlete || !key_is(&state->athlete, athlete)) {
        if (key_take(&state->athlete, athlete) != ATHLETE_OK) return call->code = SQLITE_NOMEM;
        state->in_athlete = true;
        active_begin(&state->history);
    }
    sqlite3_value *active = sqlite3_column_value(state->query, DAY_ACTIVE);
    int type = sqlite3_value_numeric_type(active);
    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) return active_row_fail(call, state->query);
    active_add(&state->history, sqlite3_value_double(active) != 0);
    return poll_due(&state->poll, 100) ? (call->code = SQLITE_INTERRUPT) : SQLITE_ROW;
}

static bool is_asked_for(const active_state *state) {
    if (!state->since) return true;
    const char *day = (const char *)sqlite3_column_text(state->query, DAY_DAY);
    return !day || strcmp(day, state->since) >= 0;
}

static int active_next(athlete_call *call, void *opaque) {
    active_state *state = opaque;
    int rc = active_take(call, state);
    while (rc == SQLITE_ROW && !is_asked_for(state)) rc = active_take(call, state);
    if (rc != SQLITE_ROW) return rc;
    active_tell(&state->history, state->answers);
    return poll_due(&state->poll, 900) ? (call->code = SQLITE_INTERRUPT) : SQLITE_ROW;
}

static void active_column(void *opaque, sqlite3_context *context, int column) {
    const active_state *state = opaque;
    sqlite3_result_value(context, sqlite3_column_value(state->query, column));
}

#define IS_INTEGER_INTEGER        true
#define IS_INTEGER_REAL           false
#define ACTIVE_IS(name, type)     IS_INTEGER_##type,
#define ACTIVE_COLUMN(name, type) ", " #name " " #type

static const bool active_is_integer[ACTIVE_ANSWER_COUNT] = {ACTIVE_ANSWERS(ACTIVE_IS)};

static const athlete_numbers active_numbers = {
    .first_column = DAY_ACTIVE,
    .offset = offsetof(active_state, answers),
    .is_integer = active_is_integer,
};

const athlete_table active_days_table = {
    .columns = "athlete_id, day" ACTIVE_ANSWERS(ACTIVE_COLUMN),
    .expected_rows = 10000,
    .open = active_open,
    .next = active_next,
    .column = active_column,
    .numbers = &active_numbers,
    .close = active_close,
};
