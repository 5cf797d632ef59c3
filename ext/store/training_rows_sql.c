/* training_rows: what training_set gives, for a specification that is a value and not part of the statement. */
#include "store/training_rows_sql.h"

#include "base/memory.h"
#include "store/training_reader_sql.h"

typedef struct rows_state {
    training_set set;
    training_reader reader;
} rows_state;

enum { OUT_POSITION, OUT_ROW, OUT_SOURCES };

static athlete_status rows_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    rows_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    const char *spec = (const char *)sqlite3_value_text(argv[0]);
    if (!spec) return ATHLETE_NOMEM;
    state->reader.set = &state->set;
    int rc =
        training_set_open(&state->set, call->db, call->function, spec, &state->reader.labels, &call->fault);
    if (rc == SQLITE_OK && !training_reader_open(&state->reader, &state->set)) rc = SQLITE_NOMEM;
    if (rc == SQLITE_OK) rc = training_reader_begin(&state->reader, &call->fault);
    if (rc != SQLITE_OK) call->code = rc;
    return status_of(rc);
}

static int rows_next(athlete_call *call, void *opaque) {
    rows_state *state = opaque;
    int rc = training_reader_next(&state->reader, &call->fault);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) call->code = rc;
    return rc;
}

static void rows_column(void *opaque, sqlite3_context *context, int column) {
    const rows_state *state = opaque;
    if (column == OUT_POSITION) {
        sqlite3_result_int64(context, state->reader.row);
        return;
    }
    sqlite3_str *out = sqlite3_str_new(state->set.db);
    if (column == OUT_ROW) training_reader_write_row(&state->reader, out);
    else training_reader_write_sources(&state->reader, out);
    function_result_str(context, out);
}

static void rows_close(void *opaque) {
    rows_state *state = opaque;
    training_reader_close(&state->reader);
    training_set_close(&state->set);
    memory_free(NULL, state);
}

const athlete_table training_rows_table = {
    .columns = "position INTEGER, row TEXT, sources TEXT",
    .expected_rows = 10000,
    .open = rows_open,
    .next = rows_next,
    .column = rows_column,
    .close = rows_close,
};
