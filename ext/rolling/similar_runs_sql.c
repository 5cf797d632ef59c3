/* similar_pace(query): runs and questions in, an answer for each question out.
**
** The caller's query is read once, in the order of athlete and time; memory is one athlete's last 100 runs, whatever is
** read. A run that was over when another began may speak of it, so that of rows of one instant runs come first. */
#include "rolling/rolling_callbacks_sql.h"

#include <math.h>
#include "base/binding/query.h"
#include "base/memory.h"
#include "base/own_statement.h"
#include "base/poll.h"
#include "rolling/load_row_sql.h"
#include "rolling/similar_runs.h"

enum {
    ROW_ATHLETE,
    ROW_AT,
    ROW_RUN,
    ROW_PACE,
    ROW_DAY,
    ROW_DISTANCE,
    ROW_CLIMB,
    ROW_HOUR,
    ROW_WEEKDAY,
    ROW_COLUMNS
};
#define ROW_FORM "athlete_id, at, run, pace_min_km, day, distance_km, climb_m_per_km, hour, weekday"
enum { ANSWER_ATHLETE, ANSWER_RUN, ANSWER_NUMBERS };

/* About a nanosecond each: a question costs what its runs do. */
#define UNITS_PER_RUN 60

typedef struct similar_state {
    sqlite3_stmt *query;
    load_key athlete;
    bool in_athlete;
    similar_history history;
    double answers[SIMILAR_ANSWER_COUNT];
    athlete_poll poll;
} similar_state;

/* --- opening -------------------------------------------------------------------------------------------- */

static athlete_status similar_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    similar_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    poll_begin(&state->poll, call->db);
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    static const char head[] = "NULL AS athlete, NULL AS at, NULL AS run, NULL AS pace, 0, 0, 0, 0, 0";
    static const char order[] = "athlete COLLATE BINARY, at COLLATE BINARY, pace IS NULL, run COLLATE BINARY";
    return sql ? query_open_in_order(call->db, sql, ROW_COLUMNS, ROW_FORM, head, order, &state->query,
                                     &call->fault)
               : ATHLETE_NOMEM;
}

static void similar_close(void *opaque) {
    similar_state *state = opaque;
    own_finalize(state->poll.db, &state->query);
    sqlite3_value_free(state->athlete.value);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

/* --- reading -------------------------------------------------------------------------------------------- */

/* Ends `expected` with what the row the query is at has there. */
static int similar_row_fail(athlete_call *call, sqlite3_stmt *query, sqlite3_str *expected, int column) {
    sqlite3_str_appendall(expected, ", got ");
    value_describe(expected, sqlite3_column_value(query, column));
    athlete_status status = fault_refuse_str(&call->fault, expected);
    if (status != ATHLETE_INVALID) return call_fail_status(call, status);
    const char *athlete = (const char *)sqlite3_column_text(query, ROW_ATHLETE);
    const char *run = (const char *)sqlite3_column_text(query, ROW_RUN);
    return call_fail(call, "athlete %.40s, run %.40s: %s", athlete ? athlete : "NULL", run ? run : "NULL",
                     call->fault.text);
}

typedef struct row_number {
    const char *name;
    double min, max;
    bool may_be_null;
} row_number;

static const row_number row_numbers[ROW_COLUMNS] = {
    [ROW_PACE] = {"pace_min_km", SIMILAR_PACE_MIN, SIMILAR_PACE_MAX, true},
    [ROW_DAY] = {"day", -SIMILAR_DAY_MAX, SIMILAR_DAY_MAX, false},
    [ROW_DISTANCE] = {"distance_km", SIMILAR_DISTANCE_MIN, SIMILAR_DISTANCE_MAX, true},
    [ROW_CLIMB] = {"climb_m_per_km", 0, SIMILAR_CLIMB_MAX, true},
    [ROW_HOUR] = {"hour", 0, 24, false},
    [ROW_WEEKDAY] = {"weekday", 0, 6, false},
};

/* NAN for NULL. */
static int similar_number(athlete_call *call, sqlite3_stmt *query, int column, double *out) {
    const row_number *number = &row_numbers[column];
    sqlite3_value *value = sqlite3_column_value(query, column);
    int type = sqlite3_value_numeric_type(value);
    *out = NAN;
    if (type == SQLITE_NULL && number->may_be_null) return SQLITE_OK;
    double x = type == SQLITE_INTEGER || type == SQLITE_FLOAT ? sqlite3_value_double(value) : NAN;
    if (!(x >= number->min && x <= number->max)) {
        sqlite3_str *expected = sqlite3_str_new(NULL);
        sqlite3_str_appendf(expected, "%s must be a number from %.15g to %.15g", number->name, number->min,
                            number->max);
        return similar_row_fail(call, query, expected, column);
    }
    *out = x + 0.0;
    return SQLITE_OK;
}

static int similar_row(athlete_call *call, sqlite3_stmt *query, similar_run *run) {
    double weekday;
    int rc = similar_number(call, query, ROW_PACE, &run->pace_min_km);
    if (rc == SQLITE_OK) rc = similar_number(call, query, ROW_DAY, &run->day);
    if (rc == SQLITE_OK) rc = similar_number(call, query, ROW_DISTANCE, &run->distance_km);
    if (rc == SQLITE_OK) rc = similar_number(call, query, ROW_CLIMB, &run->climb);
    if (rc == SQLITE_OK) rc = similar_number(call, query, ROW_HOUR, &run->hour);
    if (rc == SQLITE_OK) rc = similar_number(call, query, ROW_WEEKDAY, &weekday);
    if (rc != SQLITE_OK) return rc;
    if (isnan(run->distance_km) && !isnan(run->pace_min_km)) {
        sqlite3_str *expected = sqlite3_str_new(NULL);
        sqlite3_str_appendall(expected, "distance_km of a run that was over must be a number");
        return similar_row_fail(call, query, expected, ROW_DISTANCE);
    }
    if (isnan(run->climb)) run->climb = 0;
    run->weekday = (int)weekday;
    return SQLITE_OK;
}

static int take_athlete(athlete_call *call, similar_state *state) {
    sqlite3_value *athlete = sqlite3_column_value(state->query, ROW_ATHLETE);
    if (state->in_athlete && key_is(&state->athlete, athlete)) return SQLITE_OK;
    if (key_take(&state->athlete, athlete) != ATHLETE_OK) return call->code = SQLITE_NOMEM;
    state->in_athlete = true;
    similar_begin(&state->history);
    return SQLITE_OK;
}

static int similar_next(athlete_call *call, void *opaque) {
    similar_state *state = opaque;
    for (;;) {
        int rc = sqlite3_step(state->query);
        if (rc == SQLITE_DONE) return SQLITE_DONE;
        if (rc != SQLITE_ROW) return query_fail(call, rc);
        similar_run run;
        rc = take_athlete(call, state);
        if (rc == SQLITE_OK) rc = similar_row(call, state->query, &run);
        if (rc != SQLITE_OK) return rc;
        if (isnan(run.pace_min_km)) {
            similar_ask(&state->history, &run, state->answers);
            size_t runs = state->history.n < SIMILAR_RUNS_MAX ? state->history.n : SIMILAR_RUNS_MAX;
            if (poll_due(&state->poll, UNITS_PER_RUN * (runs + 1))) return call->code = SQLITE_INTERRUPT;
            return SQLITE_ROW;
        }
        similar_add(&state->history, &run);
    }
}

static const bool similar_is_integer[SIMILAR_ANSWER_COUNT] = {[SIMILAR_earlier_runs] = true};

static void similar_column(void *opaque, sqlite3_context *context, int column) {
    const similar_state *state = opaque;
    sqlite3_result_value(
        context, sqlite3_column_value(state->query, column == ANSWER_ATHLETE ? ROW_ATHLETE : ROW_RUN));
}

static const athlete_numbers similar_numbers = {
    .first_column = ANSWER_NUMBERS,
    .offset = offsetof(similar_state, answers),
    .is_integer = similar_is_integer,
};

#define ANSWER_COLUMN(name, type) ", " #name " " #type

const athlete_table similar_pace_table = {
    .columns = "athlete_id, run" SIMILAR_ANSWERS(ANSWER_COLUMN),
    .expected_rows = 10000,
    .open = similar_open,
    .next = similar_next,
    .column = similar_column,
    .numbers = &similar_numbers,
    .close = similar_close,
};
