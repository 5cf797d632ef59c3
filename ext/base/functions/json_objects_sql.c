/* json_objects(text): the objects in a text of one or many, each where it is. */
#include "base/functions/base_callbacks_sql.h"

#include "base/memory.h"
#include "base/poll.h"
#include "base/text/json_objects.h"

typedef struct objects_state {
    json_cutter cutter;
    athlete_poll poll;
    json_piece piece;
    sqlite3_int64 seq;
} objects_state;

static athlete_status objects_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    objects_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    poll_begin(&state->poll, call->db);
    const char *text = (const char *)sqlite3_value_text(argv[0]);
    if (!text) return ATHLETE_NOMEM;
    json_cut_begin(&state->cutter, text, (size_t)sqlite3_value_bytes(argv[0]), &state->poll);
    return ATHLETE_OK;
}

static int objects_next(athlete_call *call, void *opaque) {
    objects_state *state = opaque;
    state->seq++;
    if (json_cut_next(&state->cutter, &state->piece)) return SQLITE_ROW;
    return state->poll.stopped ? call_fail_status(call, ATHLETE_INTERRUPTED) : SQLITE_DONE;
}

static void objects_column(void *opaque, sqlite3_context *context, int column) {
    const objects_state *state = opaque;
    const json_piece *piece = &state->piece;
    switch (column) {
    case 0: sqlite3_result_int64(context, state->seq); break;
    case 1: sqlite3_result_int64(context, (sqlite3_int64)piece->offset); break;
    case 2: sqlite3_result_int64(context, (sqlite3_int64)piece->line); break;
    case 3:
        sqlite3_result_text64(context, state->cutter.text + piece->offset, piece->length, SQLITE_TRANSIENT,
                              SQLITE_UTF8);
        break;
    case 4: sqlite3_result_text(context, piece->fault, -1, SQLITE_STATIC); break;
    case 5:
        if (piece->fault) sqlite3_result_int64(context, (sqlite3_int64)piece->fault_offset);
        break;
    }
}

static void objects_close(void *opaque) {
    objects_state *state = opaque;
    poll_end(&state->poll);
    memory_free(NULL, state);
}

const athlete_table json_objects_table = {
    .columns =
        "seq INTEGER, byte_offset INTEGER, line INTEGER, object TEXT, fault TEXT, fault_offset INTEGER",
    .expected_rows = 1000,
    .open = objects_open,
    .next = objects_next,
    .column = objects_column,
    .close = objects_close,
};
