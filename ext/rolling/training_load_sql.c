/* training_load(query[, options]): activities in, one row per athlete and calendar day out.
**
** The caller's query is read once, ordered by athlete and day, one row ahead of the day that is being made; an
** index on both columns makes that order free. Memory is one athlete's last 128 days, whatever is read.
**
** training_forecast(query[, options]) reads lines: of each athlete first what was done, whose days are not returned,
** then plan after plan, each of which goes on from a copy of the state that the first has reached. */
#include "rolling/rolling_callbacks_sql.h"

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include "base/binding/options.h"
#include "base/binding/query.h"
#include "base/memory.h"
#include "base/numbers/date.h"
#include "base/own_statement.h"
#include "base/poll.h"
#include "rolling/load_history.h"
#include "rolling/load_row_sql.h"

#define CALENDAR_YEARS_MAX 200
#define CALENDAR_DAYS_MAX  73050 /* 200 years */

/* Result columns before the features, and with plans. */
enum { OUT_ATHLETE, OUT_DATE, OUT_FEATURES };
enum { PLANNED_ATHLETE, PLANNED_PLAN, PLANNED_DATE, PLANNED_FEATURES };

typedef struct load_options {
    load_settings settings;
    char *start_date;
    char *end_date;
} load_options;

const athlete_option training_load_options[] = {
    {"acwr_risk_threshold", NULL, OPTION_NUMBER, offsetof(load_options, settings.acwr_risk_threshold), 0,
     1000, NULL, "1.5", "ratio"},
    {"monotony_risk_threshold", NULL, OPTION_NUMBER, offsetof(load_options, settings.monotony_risk_threshold),
     0, 1000, NULL, "2.0", "ratio"},
    {"acwr_min_history_days", NULL, OPTION_INTEGER, offsetof(load_options, settings.acwr_min_history_days), 0,
     100000, NULL, "28", "days"},
    {"expected_days_per_week", NULL, OPTION_NUMBER, offsetof(load_options, settings.expected_days_per_week),
     0.1, 7, NULL, "4", "days of training a week"},
    {"unknown_load_max_share", NULL, OPTION_NUMBER, offsetof(load_options, settings.unknown_load_max_share),
     0, 1, NULL, "0.2", "share of the moving time"},
    {"start_date", NULL, OPTION_TEXT, offsetof(load_options, start_date), 0, 0, NULL,
     "(each athlete's first day)", "first day to return"},
    {"end_date", NULL, OPTION_TEXT, offsetof(load_options, end_date), 0, 0, NULL, NULL,
     "last day to return where it is after the athlete's last activity"},
    {.name = NULL},
};

typedef struct load_state {
    sqlite3_stmt *query;
    load_options options;
    int start_day, end_day;
    bool has_plans;

    bool in_athlete, in_plan;
    load_key athlete, plan;
    int first_day, day;
    char date[ATHLETE_DATE_SIZE];

    /* what the athlete's plans go on from */
    bool has_done;
    load_history done;
    int done_day;
    char done_date[ATHLETE_DATE_SIZE];

    /* the row that has been read and not used */
    bool has_ahead;
    bool ahead_is_same_athlete, ahead_is_same_line;
    int ahead_day;
    char ahead_date[ATHLETE_DATE_SIZE];
    load_activity ahead;

    athlete_poll poll;
    load_history history;
    double features[LOAD_FEATURE_COUNT];
} load_state;

/* --- opening -------------------------------------------------------------------------------------------- */

static athlete_status read_date_option(athlete_call *call, const char *name, const char *text, int *day) {
    if (!text || date_parse(text, day)) return ATHLETE_OK;
    return fault_refuse(&call->fault, "option \"%s\" must be a date 'YYYY-MM-DD', got '%.40s'", name, text);
}

static athlete_status load_read_options(athlete_call *call, load_state *state, const char *json) {
    athlete_status status = options_read(training_load_options, json, &state->options, &call->fault);
    state->start_day = state->end_day = INT_MIN;
    if (status == ATHLETE_OK)
        status = read_date_option(call, "start_date", state->options.start_date, &state->start_day);
    if (status == ATHLETE_OK)
        status = read_date_option(call, "end_date", state->options.end_date, &state->end_day);
    return status;
}

/* The caller's query must stand on its own before it is put inside another. */
static athlete_status open_ordered(athlete_call *call, const char *sql, bool has_plans,
                                   sqlite3_stmt **query) {
    int columns = has_plans ? IN_PLAN + 1 : IN_COUNT;
    const char *form = has_plans ? INPUT_FORM ", plan" : INPUT_FORM;
    athlete_status status = query_open(call->db, sql, columns, form, query, &call->fault);
    if (status == ATHLETE_OK && sqlite3_column_count(*query) != columns) {
        status = fault_refuse(&call->fault, "the query must have %d columns (%s), it has %d", columns, form,
                              sqlite3_column_count(*query));
    }
    if (status == ATHLETE_OK) {
        const char *text = sqlite3_sql(*query); /* the one statement, with its semicolon */
        size_t length = strlen(text);
        if (length > 0 && text[length - 1] == ';') length--;
        /* A line of its own for the bracket, since the text may end in a comment. Byte order, so that an athlete's
        ** rows are together whatever collation the column has. */
        char *ordered =
            length > INT_MAX
                ? NULL
                : sqlite3_mprintf("SELECT * FROM (%.*s\n) ORDER BY 1 COLLATE BINARY, %s2 COLLATE BINARY",
                                  (int)length, text, has_plans ? "8 COLLATE BINARY, " : "");
        sqlite3_finalize(*query);
        *query = NULL;
        status = ordered ? query_open(call->db, ordered, columns, form, query, &call->fault) : ATHLETE_NOMEM;
        sqlite3_free(ordered);
    }
    return status;
}

static int read_ahead(athlete_call *call, load_state *state);

static athlete_status open_lines(athlete_call *call, int argc, sqlite3_value **argv, bool has_plans,
                                 void **out) {
    load_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->has_plans = has_plans;
    poll_begin(&state->poll, call->db);
    athlete_status status =
        load_read_options(call, state, argc > 1 ? (const char *)sqlite3_value_text(argv[1]) : NULL);
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    if (status == ATHLETE_OK)
        status = sql ? open_ordered(call, sql, has_plans, &state->query) : ATHLETE_NOMEM;
    if (status == ATHLETE_OK && read_ahead(call, state) != SQLITE_OK) status = ATHLETE_INVALID;
    return status;
}

static athlete_status load_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    return open_lines(call, argc, argv, false, out);
}

static athlete_status forecast_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    return open_lines(call, argc, argv, true, out);
}

static void load_close(void *opaque) {
    load_state *state = opaque;
    own_finalize(state->poll.db, &state->query);
    sqlite3_value_free(state->athlete.value);
    sqlite3_value_free(state->plan.value);
    sqlite3_free(state->options.start_date);
    sqlite3_free(state->options.end_date);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

/* --- reading -------------------------------------------------------------------------------------------- */

/* Rows come in the order of their days, whatever follows the date in the text. */
static int read_day(athlete_call *call, load_state *state) {
    sqlite3_value *value = sqlite3_column_value(state->query, IN_DAY);
    const char *text =
        sqlite3_value_type(value) == SQLITE_TEXT ? (const char *)sqlite3_value_text(value) : NULL;
    int day;
    if (!text || !date_parse(text, &day)) {
        sqlite3_str *expected = sqlite3_str_new(NULL);
        sqlite3_str_appendall(expected, "day must be a date 'YYYY-MM-DD'");
        return load_row_fail_at(call, state->query, expected, IN_DAY);
    }
    if (state->ahead_is_same_line && day < state->day) {
        fault_refuse(&call->fault, "comes after a later day of the same athlete");
        return load_row_fail(call, state->query);
    }
    if (state->ahead_is_same_athlete && day - state->first_day >= CALENDAR_DAYS_MAX) {
        fault_refuse(&call->fault, "more than %d years after the athlete's first day", CALENDAR_YEARS_MAX);
        return load_row_fail(call, state->query);
    }
    state->ahead_day = day;
    memcpy(state->ahead_date, text, ATHLETE_DATE_SIZE - 1);
    return SQLITE_OK;
}

static int read_ahead(athlete_call *call, load_state *state) {
    int rc = sqlite3_step(state->query);
    state->has_ahead = rc == SQLITE_ROW;
    if (rc == SQLITE_DONE) return SQLITE_OK;
    if (rc != SQLITE_ROW) return query_fail(call, rc);
    sqlite3_value *athlete = sqlite3_column_value(state->query, IN_ATHLETE);
    if (sqlite3_value_type(athlete) == SQLITE_NULL) {
        fault_refuse(&call->fault, "athlete_id must not be NULL");
        return load_row_fail(call, state->query);
    }
    state->ahead_is_same_athlete = state->in_athlete && key_is(&state->athlete, athlete);
    state->ahead_is_same_line =
        state->ahead_is_same_athlete &&
        (!state->has_plans || key_is(&state->plan, sqlite3_column_value(state->query, IN_PLAN)));
    rc = read_day(call, state);
    return rc == SQLITE_OK ? load_row_activity(call, state->query, &state->ahead) : rc;
}

/* --- the days ------------------------------------------------------------------------------------------- */

/* The text of the day after, without divisions while the month goes on: every month has 28 days. */
static void next_day(load_state *state) {
    state->day++;
    char *tens = &state->date[8], *ones = &state->date[9];
    if (*tens > '2' || (*tens == '2' && *ones >= '8')) {
        date_format(state->day, state->date);
    } else if (*ones == '9') {
        ++*tens;
        *ones = '0';
    } else {
        ++*ones;
    }
}

/* The query is still at the first row of the athlete. */
static int begin_athlete(athlete_call *call, load_state *state) {
    if (key_take(&state->athlete, sqlite3_column_value(state->query, IN_ATHLETE)) != ATHLETE_OK)
        return call->code = SQLITE_NOMEM;
    state->in_athlete = true;
    state->has_done = false;
    state->first_day = state->day = state->ahead_day;
    if (state->end_day != INT_MIN && state->end_day - state->first_day >= CALENDAR_DAYS_MAX) {
        fault_refuse(&call->fault, "option \"end_date\" is more than %d years after the athlete's first day",
                     CALENDAR_YEARS_MAX);
        return load_row_fail(call, state->query);
    }
    memcpy(state->date, state->ahead_date, ATHLETE_DATE_SIZE);
    history_begin(&state->history);
    return SQLITE_OK;
}

/* The query is still at the first row of the plan; `done` is what it goes on from. */
static int begin_plan(athlete_call *call, load_state *state) {
    if (!state->in_plan) {
        state->done = state->history;
        state->done_day = state->day;
        memcpy(state->done_date, state->date, ATHLETE_DATE_SIZE);
        state->has_done = true;
    }
    if (state->ahead_day <= state->done_day) {
        fault_refuse(&call->fault, "a plan must begin after the last day without one, which is %s",
                     state->done_date);
        return load_row_fail(call, state->query);
    }
    state->history = state->done;
    state->day = state->done_day;
    memcpy(state->date, state->done_date, ATHLETE_DATE_SIZE);
    next_day(state);
    return SQLITE_OK;
}

/* An athlete of whom nothing was done begins anew with each plan. */
static int begin_line(athlete_call *call, load_state *state) {
    bool goes_on = state->ahead_is_same_athlete && (state->has_done || !state->in_plan);
    int rc = goes_on ? begin_plan(call, state) : begin_athlete(call, state);
    if (rc != SQLITE_OK) return rc;
    if (state->has_plans) {
        sqlite3_value *plan = sqlite3_column_value(state->query, IN_PLAN);
        if (key_take(&state->plan, plan) != ATHLETE_OK) return call->code = SQLITE_NOMEM;
        state->in_plan = sqlite3_value_type(plan) != SQLITE_NULL;
    }
    state->ahead_is_same_athlete = state->ahead_is_same_line = true;
    return SQLITE_OK;
}

/* What was done before plans ends with its last row. */
static bool is_done_only(const load_state *state) {
    return state->has_plans && !state->in_plan;
}

/* Moves to the next day of this line or the first of the next one; false at the end or on failure. */
static bool move_on(athlete_call *call, load_state *state) {
    if (state->in_athlete && ((state->has_ahead && state->ahead_is_same_line) ||
                              (state->day < state->end_day && !is_done_only(state)))) {
        next_day(state);
        return true;
    }
    return state->has_ahead && begin_line(call, state) == SQLITE_OK;
}

static int add_activities(athlete_call *call, load_state *state) {
    while (state->has_ahead && state->ahead_is_same_line && state->ahead_day == state->day) {
        bool is_rest = state->in_plan && state->ahead.moving_min == 0;
        if (!is_rest && history_add(&state->history, &state->ahead) != ATHLETE_OK) {
            fault_refuse(&call->fault, "more than %d activities on one day", LOAD_ACTIVITIES_PER_DAY_MAX);
            return load_row_fail(call, state->query);
        }
        int rc = read_ahead(call, state);
        if (rc != SQLITE_OK) return rc;
    }
    return SQLITE_OK;
}

static int load_next(athlete_call *call, void *opaque) {
    load_state *state = opaque;
    bool is_before;
    do {
        if (!move_on(call, state)) return call->code == SQLITE_OK ? SQLITE_DONE : call->code;
        int rc = add_activities(call, state);
        if (rc != SQLITE_OK) return rc;
        history_close_day(&state->history);
        is_before = state->day < state->start_day || is_done_only(state);
        if (is_before && poll_due(&state->poll, 100)) return call->code = SQLITE_INTERRUPT;
    } while (is_before);
    history_features(&state->history, &state->options.settings, state->features);
    return SQLITE_ROW;
}

static const bool is_integer[LOAD_FEATURE_COUNT] = {
#define INTEGER                     true
#define REAL                        false
#define LOAD_IS_INTEGER(name, type) [LOAD_##name] = type,
    LOAD_FEATURES(LOAD_IS_INTEGER)
#undef LOAD_IS_INTEGER
#undef INTEGER
#undef REAL
};

static void result_key(sqlite3_context *context, const load_key *key) {
    if (key->is_integer) sqlite3_result_int64(context, key->integer);
    else sqlite3_result_value(context, key->value);
}

static void load_column(void *opaque, sqlite3_context *context, int column) {
    const load_state *state = opaque;
    if (column == OUT_DATE) {
        sqlite3_result_text(context, state->date, ATHLETE_DATE_SIZE - 1, SQLITE_TRANSIENT);
    } else {
        result_key(context, &state->athlete);
    }
}

static void forecast_column(void *opaque, sqlite3_context *context, int column) {
    if (column == PLANNED_PLAN) result_key(context, &((const load_state *)opaque)->plan);
    else load_column(opaque, context, column == PLANNED_DATE ? OUT_DATE : OUT_ATHLETE);
}

static const athlete_numbers load_numbers = {
    .first_column = OUT_FEATURES,
    .offset = offsetof(load_state, features),
    .is_integer = is_integer,
};

static const athlete_numbers forecast_numbers = {
    .first_column = PLANNED_FEATURES,
    .offset = offsetof(load_state, features),
    .is_integer = is_integer,
};

#define LOAD_COLUMN(name, type) ", " #name " " #type

const athlete_table training_load_table = {
    .columns = "athlete_id, as_of_date TEXT" LOAD_FEATURES(LOAD_COLUMN),
    .expected_rows = 1000000,
    .open = load_open,
    .next = load_next,
    .column = load_column,
    .numbers = &load_numbers,
    .close = load_close,
};

const athlete_table training_forecast_table = {
    .columns = "athlete_id, plan, as_of_date TEXT" LOAD_FEATURES(LOAD_COLUMN),
    .expected_rows = 10000,
    .open = forecast_open,
    .next = load_next,
    .column = forecast_column,
    .numbers = &forecast_numbers,
    .close = load_close,
};
