/* Binding of hr_zone and hr_zone_pct. */
#include "training/training_callbacks_sql.h"
#include "training/zones.h"

void hr_zone_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    int zone = zone_of(sqlite3_value_double(argv[0]), sqlite3_value_double(argv[1]));
    if (zone >= 0) sqlite3_result_int(context, zone);
}

typedef struct zone_state {
    zone_time time;
    bool has_zone;
    int zone;
} zone_state;

typedef struct zone_row {
    double hr, seconds, max_hr;
    int zone;
} zone_row;

/* False for a row with a NULL, which counts for nothing. */
static bool zones_read_row(int argc, sqlite3_value **argv, zone_row *row) {
    for (int i = 0; i < argc; i++) {
        if (sqlite3_value_type(argv[i]) == SQLITE_NULL) return false;
    }
    *row = (zone_row){sqlite3_value_double(argv[0]), sqlite3_value_double(argv[1]),
                      sqlite3_value_double(argv[2]), sqlite3_value_int(argv[3])};
    return true;
}

void hr_zone_pct_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    zone_state *state = sqlite3_aggregate_context(context, sizeof *state);
    zone_row row;
    if (!state) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (!zones_read_row(argc, argv, &row)) return;
    if (state->has_zone && state->zone != row.zone) {
        function_fail(context, "argument 4 (zone) must be the same in every row, got %d after %d", row.zone,
                      state->zone);
        return;
    }
    state->has_zone = true;
    state->zone = row.zone;
    zone_time_add(&state->time, row.hr, row.seconds, row.max_hr, row.zone);
}

void hr_zone_pct_inverse(sqlite3_context *context, int argc, sqlite3_value **argv) {
    zone_state *state = sqlite3_aggregate_context(context, sizeof *state);
    zone_row row;
    if (state && zones_read_row(argc, argv, &row))
        zone_time_remove(&state->time, row.hr, row.seconds, row.max_hr, row.zone);
}

/* Also the final callback: there is nothing to release. */
void hr_zone_pct_value(sqlite3_context *context) {
    const zone_state *state = sqlite3_aggregate_context(context, 0);
    if (state) sqlite3_result_double(context, zone_time_percent(&state->time)); /* NaN becomes NULL */
}
