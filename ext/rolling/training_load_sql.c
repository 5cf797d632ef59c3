/* training_load(query[, options]): activities in, one row per athlete and calendar day out.
**
** The caller's query is read once, ordered by athlete and day, one row ahead of the day that is being made; an
** index on both columns makes that order free. Memory is one athlete's last 128 days, whatever is read. */
#include "rolling/training_load_sql.h"

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

#define CALENDAR_YEARS_MAX 200
#define CALENDAR_DAYS_MAX  73050 /* 200 years */

enum { IN_ATHLETE, IN_DAY, IN_TSS, IN_DISTANCE, IN_MOVING, IN_PACE, IN_ELEVATION, IN_COUNT };
#define INPUT_FORM "athlete_id, day, tss, distance_km, moving_min, pace_min_km, elevation_gain_m"

/* Result columns before the features. */
enum { OUT_ATHLETE, OUT_DATE, OUT_FEATURES };

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

    bool in_athlete;
    sqlite3_value *athlete;
    bool athlete_is_integer;
    sqlite3_int64 athlete_integer;
    int first_day, day;
    char date[ATHLETE_DATE_SIZE];

    /* the row that has been read and not used */
    bool has_ahead;
    bool ahead_is_same_athlete;
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
static athlete_status open_ordered(athlete_call *call, const char *sql, sqlite3_stmt **query) {
    athlete_status status = query_open(call->db, sql, IN_COUNT, INPUT_FORM, query, &call->fault);
    if (status == ATHLETE_OK && sqlite3_column_count(*query) != IN_COUNT) {
        status = fault_refuse(&call->fault, "the query must have %d columns (%s), it has %d", IN_COUNT,
                              INPUT_FORM, sqlite3_column_count(*query));
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
                : sqlite3_mprintf("SELECT * FROM (%.*s\n) ORDER BY 1 COLLATE BINARY, 2 COLLATE BINARY",
                                  (int)length, text);
        sqlite3_finalize(*query);
        *query = NULL;
        status = ordered ? query_open(call->db, ordered, IN_COUNT, INPUT_FORM, query, &call->fault)
                         : ATHLETE_NOMEM;
        sqlite3_free(ordered);
    }
    return status;
}

static int read_ahead(athlete_call *call, load_state *state);

static athlete_status load_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    load_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    poll_begin(&state->poll, call->db);
    athlete_status status =
        load_read_options(call, state, argc > 1 ? (const char *)sqlite3_value_text(argv[1]) : NULL);
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    if (status == ATHLETE_OK) status = sql ? open_ordered(call, sql, &state->query) : ATHLETE_NOMEM;
    if (status == ATHLETE_OK && read_ahead(call, state) != SQLITE_OK) status = ATHLETE_INVALID;
    return status;
}

static void load_close(void *opaque) {
    load_state *state = opaque;
    own_finalize(state->poll.db, &state->query);
    sqlite3_value_free(state->athlete);
    sqlite3_free(state->options.start_date);
    sqlite3_free(state->options.end_date);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

/* --- reading -------------------------------------------------------------------------------------------- */

/* "training_load: athlete 7, day 2024-01-31: <sentence>", about the row the query is at; the sentence is in call->fault. */
static int fail_at_row(athlete_call *call, load_state *state) {
    const char *athlete = (const char *)sqlite3_column_text(state->query, IN_ATHLETE);
    const char *day = (const char *)sqlite3_column_text(state->query, IN_DAY);
    return call_fail(call, "athlete %.40s, day %.40s: %s", athlete ? athlete : "NULL", day ? day : "NULL",
                     call->fault.text);
}

/* The same, about a value of it; `expected` begins the sentence, and is ended. */
static int fail_at_value(athlete_call *call, load_state *state, sqlite3_str *expected, int column) {
    sqlite3_str_appendall(expected, ", got ");
    value_describe(expected, sqlite3_column_value(state->query, column));
    athlete_status status = fault_refuse_str(&call->fault, expected);
    return status == ATHLETE_INVALID ? fail_at_row(call, state) : call_fail_status(call, status);
}

typedef struct input_number {
    const char *name;
    double max;
    double if_null;
} input_number;

static const input_number input_numbers[IN_COUNT] = {
    [IN_TSS] = {"tss", LOAD_TSS_MAX, NAN},
    [IN_DISTANCE] = {"distance_km", LOAD_DISTANCE_KM_MAX, 0},
    [IN_MOVING] = {"moving_min", LOAD_MOVING_MIN_MAX, NAN},
    [IN_PACE] = {"pace_min_km", LOAD_PACE_MIN_KM_MAX, NAN},
    [IN_ELEVATION] = {"elevation_gain_m", LOAD_ELEVATION_M_MAX, 0},
};

/* Text that is wholly numeric, as from a CSV import; NAN for any other value. */
static double number_in_text(sqlite3_value *value) {
    sqlite3_value *copy = sqlite3_value_dup(value);
    if (!copy) return NAN;
    int type = sqlite3_value_numeric_type(copy);
    double x = type == SQLITE_INTEGER || type == SQLITE_FLOAT ? sqlite3_value_double(copy) : NAN;
    sqlite3_value_free(copy);
    return x;
}

static int read_number(athlete_call *call, load_state *state, int column, double *out) {
    const input_number *input = &input_numbers[column];
    sqlite3_value *value = sqlite3_column_value(state->query, column);
    double x = NAN;
    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL: *out = input->if_null; return SQLITE_OK;
    case SQLITE_INTEGER:
    case SQLITE_FLOAT: x = sqlite3_value_double(value); break;
    case SQLITE_TEXT: x = number_in_text(value); break;
    }
    if (!(x >= 0 && x <= input->max)) {
        sqlite3_str *expected = sqlite3_str_new(NULL);
        sqlite3_str_appendf(expected, "%s must be a number from 0 to %.15g", input->name, input->max);
        return fail_at_value(call, state, expected, column);
    }
    *out = x;
    return SQLITE_OK;
}

/* Whether the row belongs to the athlete at hand, by SQL's equality of values in byte order. */
static bool is_same_athlete(const load_state *state, sqlite3_value *value) {
    if (!state->in_athlete) return false;
    int type = sqlite3_value_type(value);
    if (state->athlete_is_integer && type == SQLITE_INTEGER)
        return sqlite3_value_int64(value) == state->athlete_integer;
    int own = sqlite3_value_type(state->athlete);
    if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
        if (type != own) return false;
        const void *a =
            type == SQLITE_TEXT ? (const void *)sqlite3_value_text(value) : sqlite3_value_blob(value);
        const void *b = type == SQLITE_TEXT ? (const void *)sqlite3_value_text(state->athlete)
                                            : sqlite3_value_blob(state->athlete);
        int bytes = sqlite3_value_bytes(value);
        return bytes == sqlite3_value_bytes(state->athlete) &&
               (bytes == 0 || (a && b && memcmp(a, b, (size_t)bytes) == 0));
    }
    if (own == SQLITE_TEXT || own == SQLITE_BLOB) return false;
    return sqlite3_value_double(value) == sqlite3_value_double(state->athlete);
}

/* Rows come in the order of their days, whatever follows the date in the text. */
static int read_day(athlete_call *call, load_state *state) {
    sqlite3_value *value = sqlite3_column_value(state->query, IN_DAY);
    const char *text =
        sqlite3_value_type(value) == SQLITE_TEXT ? (const char *)sqlite3_value_text(value) : NULL;
    int day;
    if (!text || !date_parse(text, &day)) {
        sqlite3_str *expected = sqlite3_str_new(NULL);
        sqlite3_str_appendall(expected, "day must be a date 'YYYY-MM-DD'");
        return fail_at_value(call, state, expected, IN_DAY);
    }
    if (state->ahead_is_same_athlete && day < state->day) {
        fault_refuse(&call->fault, "comes after a later day of the same athlete");
        return fail_at_row(call, state);
    }
    if (state->ahead_is_same_athlete && day - state->first_day >= CALENDAR_DAYS_MAX) {
        fault_refuse(&call->fault, "more than %d years after the athlete's first day", CALENDAR_YEARS_MAX);
        return fail_at_row(call, state);
    }
    state->ahead_day = day;
    memcpy(state->ahead_date, text, ATHLETE_DATE_SIZE - 1);
    return SQLITE_OK;
}

/* An activity counts for pace when its pace, distance and time are all known. */
static int read_activity(athlete_call *call, load_state *state) {
    load_activity *a = &state->ahead;
    int rc = read_number(call, state, IN_TSS, &a->tss);
    if (rc == SQLITE_OK) rc = read_number(call, state, IN_DISTANCE, &a->distance_km);
    if (rc == SQLITE_OK) rc = read_number(call, state, IN_MOVING, &a->moving_min);
    if (rc == SQLITE_OK) rc = read_number(call, state, IN_PACE, &a->pace_min_km);
    if (rc == SQLITE_OK) rc = read_number(call, state, IN_ELEVATION, &a->elevation_m);
    if (isnan(a->moving_min) || a->distance_km == 0) a->pace_min_km = NAN;
    return rc;
}

static int read_ahead(athlete_call *call, load_state *state) {
    int rc = sqlite3_step(state->query);
    state->has_ahead = rc == SQLITE_ROW;
    if (rc == SQLITE_DONE) return SQLITE_OK;
    if (rc != SQLITE_ROW) return query_fail(call, rc);
    sqlite3_value *athlete = sqlite3_column_value(state->query, IN_ATHLETE);
    if (sqlite3_value_type(athlete) == SQLITE_NULL) {
        fault_refuse(&call->fault, "athlete_id must not be NULL");
        return fail_at_row(call, state);
    }
    state->ahead_is_same_athlete = is_same_athlete(state, athlete);
    rc = read_day(call, state);
    return rc == SQLITE_OK ? read_activity(call, state) : rc;
}

/* --- the days ------------------------------------------------------------------------------------------- */

/* The query is still at the first row of the athlete. */
static int begin_athlete(athlete_call *call, load_state *state) {
    sqlite3_value_free(state->athlete);
    state->athlete = sqlite3_value_dup(sqlite3_column_value(state->query, IN_ATHLETE));
    if (!state->athlete) return call->code = SQLITE_NOMEM;
    state->athlete_is_integer = sqlite3_value_type(state->athlete) == SQLITE_INTEGER;
    state->athlete_integer = sqlite3_value_int64(state->athlete);
    state->in_athlete = true;
    state->ahead_is_same_athlete = true;
    state->first_day = state->day = state->ahead_day;
    if (state->end_day != INT_MIN && state->end_day - state->first_day >= CALENDAR_DAYS_MAX) {
        fault_refuse(&call->fault, "option \"end_date\" is more than %d years after the athlete's first day",
                     CALENDAR_YEARS_MAX);
        return fail_at_row(call, state);
    }
    memcpy(state->date, state->ahead_date, ATHLETE_DATE_SIZE);
    history_begin(&state->history);
    return SQLITE_OK;
}

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

/* Moves to the next day of this athlete or the first of the next one; false at the end or on failure. */
static bool move_on(athlete_call *call, load_state *state) {
    if (state->in_athlete &&
        ((state->has_ahead && state->ahead_is_same_athlete) || state->day < state->end_day)) {
        next_day(state);
        return true;
    }
    return state->has_ahead && begin_athlete(call, state) == SQLITE_OK;
}

static int add_activities(athlete_call *call, load_state *state) {
    while (state->has_ahead && state->ahead_is_same_athlete && state->ahead_day == state->day) {
        if (history_add(&state->history, &state->ahead) != ATHLETE_OK) {
            fault_refuse(&call->fault, "more than %d activities on one day", LOAD_ACTIVITIES_PER_DAY_MAX);
            return fail_at_row(call, state);
        }
        int rc = read_ahead(call, state);
        if (rc != SQLITE_OK) return rc;
    }
    return SQLITE_OK;
}

static int load_next(athlete_call *call, void *opaque) {
    load_state *state = opaque;
    do {
        if (!move_on(call, state)) return call->code == SQLITE_OK ? SQLITE_DONE : call->code;
        int rc = add_activities(call, state);
        if (rc != SQLITE_OK) return rc;
        history_close_day(&state->history);
        if (state->day < state->start_day && poll_due(&state->poll, 100))
            return call->code = SQLITE_INTERRUPT;
    } while (state->day < state->start_day);
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

static void load_column(void *opaque, sqlite3_context *context, int column) {
    const load_state *state = opaque;
    if (column == OUT_DATE) {
        sqlite3_result_text(context, state->date, ATHLETE_DATE_SIZE - 1, SQLITE_TRANSIENT);
    } else if (state->athlete_is_integer) {
        sqlite3_result_int64(context, state->athlete_integer);
    } else {
        sqlite3_result_value(context, state->athlete);
    }
}

static const athlete_numbers load_numbers = {
    .first_column = OUT_FEATURES,
    .offset = offsetof(load_state, features),
    .is_integer = is_integer,
};

const athlete_table training_load_table = {
#define LOAD_COLUMN(name, type) ", " #name " " #type
    .columns = "athlete_id, as_of_date TEXT" LOAD_FEATURES(LOAD_COLUMN),
    .expected_rows = 1000000,
    .open = load_open,
    .next = load_next,
    .column = load_column,
    .numbers = &load_numbers,
    .close = load_close,
};
