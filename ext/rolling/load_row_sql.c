#include "rolling/load_row_sql.h"

#include <math.h>
#include <string.h>

int load_row_fail(athlete_call *call, sqlite3_stmt *query) {
    const char *athlete = (const char *)sqlite3_column_text(query, IN_ATHLETE);
    const char *day = (const char *)sqlite3_column_text(query, IN_DAY);
    return call_fail(call, "athlete %.40s, day %.40s: %s", athlete ? athlete : "NULL", day ? day : "NULL",
                     call->fault.text);
}

int load_row_fail_at(athlete_call *call, sqlite3_stmt *query, sqlite3_str *expected, int column) {
    sqlite3_str_appendall(expected, ", got ");
    value_describe(expected, sqlite3_column_value(query, column));
    athlete_status status = fault_refuse_str(&call->fault, expected);
    return status == ATHLETE_INVALID ? load_row_fail(call, query) : call_fail_status(call, status);
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

static int read_number(athlete_call *call, sqlite3_stmt *query, int column, double *out) {
    const input_number *input = &input_numbers[column];
    sqlite3_value *value = sqlite3_column_value(query, column);
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
        return load_row_fail_at(call, query, expected, column);
    }
    *out = x;
    return SQLITE_OK;
}

athlete_status key_take(load_key *key, sqlite3_value *value) {
    sqlite3_value_free(key->value);
    key->value = sqlite3_value_dup(value);
    if (!key->value) return ATHLETE_NOMEM;
    key->is_integer = sqlite3_value_type(key->value) == SQLITE_INTEGER;
    key->integer = sqlite3_value_int64(key->value);
    return ATHLETE_OK;
}

bool key_is(const load_key *key, sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    if (key->is_integer && type == SQLITE_INTEGER) return sqlite3_value_int64(value) == key->integer;
    int own = sqlite3_value_type(key->value);
    if (type == SQLITE_NULL || own == SQLITE_NULL) return type == own;
    if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
        if (type != own) return false;
        const void *a =
            type == SQLITE_TEXT ? (const void *)sqlite3_value_text(value) : sqlite3_value_blob(value);
        const void *b = type == SQLITE_TEXT ? (const void *)sqlite3_value_text(key->value)
                                            : sqlite3_value_blob(key->value);
        int bytes = sqlite3_value_bytes(value);
        return bytes == sqlite3_value_bytes(key->value) &&
               (bytes == 0 || (a && b && memcmp(a, b, (size_t)bytes) == 0));
    }
    if (own == SQLITE_TEXT || own == SQLITE_BLOB) return false;
    return sqlite3_value_double(value) == sqlite3_value_double(key->value);
}

/* An activity counts for pace when its pace, distance and time are all known. */
int load_row_activity(athlete_call *call, sqlite3_stmt *query, load_activity *a) {
    int rc = read_number(call, query, IN_TSS, &a->tss);
    if (rc == SQLITE_OK) rc = read_number(call, query, IN_DISTANCE, &a->distance_km);
    if (rc == SQLITE_OK) rc = read_number(call, query, IN_MOVING, &a->moving_min);
    if (rc == SQLITE_OK) rc = read_number(call, query, IN_PACE, &a->pace_min_km);
    if (rc == SQLITE_OK) rc = read_number(call, query, IN_ELEVATION, &a->elevation_m);
    if (isnan(a->moving_min) || a->distance_km == 0) a->pace_min_km = NAN;
    return rc;
}
