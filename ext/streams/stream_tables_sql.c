/* Binding of what makes rows of a recording. */
#include <math.h>
#include "base/memory.h"
#include "streams/heartbeats.h"
#include "streams/streams_callbacks_sql.h"

typedef struct stream_rows {
    athlete_budget budget;
    stream channels[2];
    size_t at;                           /* the next row */
    double seconds[HEART_RATE_MOST + 2]; /* of each rate, and last of none to believe */
} stream_rows;

static athlete_status channels_open(athlete_call *call, sqlite3_value **argv, athlete_poll *poll,
                                    void **out) {
    stream_rows *rows = memory_zeroed(NULL, 1, sizeof *rows);
    if (!rows) return ATHLETE_NOMEM;
    *out = rows;
    rows->budget.limit = ATHLETE_BUDGET_DEFAULT;
    for (int i = 0; i < 2; i++) {
        if (sqlite3_value_type(argv[i]) == SQLITE_NULL) return ATHLETE_OK; /* no rows */
    }
    return stream_arguments(call->function, poll, argv, 2, &rows->budget, rows->channels, &call->fault);
}

static void channels_close(void *opaque) {
    stream_rows *rows = opaque;
    for (int i = 0; i < 2; i++) stream_free(&rows->budget, &rows->channels[i]);
    memory_free(NULL, rows);
}

/* --- stream_values --------------------------------------------------------------------------------------- */

static athlete_status values_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    athlete_poll poll;
    poll_begin(&poll, call->db);
    athlete_status status = channels_open(call, argv, &poll, out);
    poll_end(&poll);
    return status;
}

static int values_next(athlete_call *call, void *opaque) {
    (void)call;
    stream_rows *rows = opaque;
    return rows->at++ < rows->channels[1].n ? SQLITE_ROW : SQLITE_DONE;
}

static void values_column(void *opaque, sqlite3_context *context, int column) {
    const stream_rows *rows = opaque;
    sqlite3_result_double(context, rows->channels[column].x[rows->at - 1]); /* NaN becomes NULL */
}

const athlete_table stream_values_table = {
    .columns = "seconds REAL, value REAL",
    .expected_rows = 4000,
    .open = values_open,
    .next = values_next,
    .column = values_column,
    .close = channels_close,
};

/* --- heart_rate_seconds ---------------------------------------------------------------------------------- */

static athlete_status beats_count(athlete_poll *poll, stream_rows *rows) {
    const stream *time = &rows->channels[0], *heart_rate = &rows->channels[1];
    double *believed = memory_alloc(&rows->budget, heart_rate->n ? heart_rate->n : 1, sizeof *believed);
    if (!believed) return memory_status(&rows->budget);
    athlete_status status = heart_rates_believed(poll, heart_rate, believed);
    for (size_t i = 1; i < heart_rate->n && status == ATHLETE_OK; i++) {
        size_t place = isnan(believed[i]) ? HEART_RATE_MOST + 1 : (size_t)(believed[i] + 0.5);
        rows->seconds[place] += step_seconds(time, i);
    }
    memory_free(&rows->budget, believed);
    return status;
}

static athlete_status beats_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    athlete_poll poll;
    poll_begin(&poll, call->db);
    athlete_status status = channels_open(call, argv, &poll, out);
    if (status == ATHLETE_OK) status = beats_count(&poll, *out);
    poll_end(&poll);
    return status;
}

static int beats_next(athlete_call *call, void *opaque) {
    (void)call;
    stream_rows *rows = opaque;
    while (rows->at <= HEART_RATE_MOST + 1) {
        if (rows->seconds[rows->at++] > 0) return SQLITE_ROW;
    }
    return SQLITE_DONE;
}

static void beats_column(void *opaque, sqlite3_context *context, int column) {
    const stream_rows *rows = opaque;
    size_t rate = rows->at - 1;
    if (column == 1) sqlite3_result_double(context, rows->seconds[rate]);
    else if (rate <= HEART_RATE_MOST) sqlite3_result_int(context, (int)rate);
}

const athlete_table heart_rate_seconds_table = {
    .columns = "hr INTEGER, seconds REAL",
    .expected_rows = 80,
    .open = beats_open,
    .next = beats_next,
    .column = beats_column,
    .close = channels_close,
};
