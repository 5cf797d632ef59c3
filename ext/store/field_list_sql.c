#include "store/field_list_sql.h"

#include <math.h>
#include "base/memory.h"
#include "store/definition/definition_fields.h"

typedef struct field_listing {
    int object, item; /* the field, from 1; 0 before the first */
} field_listing;

static const field *listed_field(const field_listing *at) {
    return &definition_objects[at->object].fields[at->item - 1];
}

static athlete_status field_list_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)call, (void)argc, (void)argv;
    *out = memory_zeroed(NULL, 1, sizeof(field_listing));
    return *out ? ATHLETE_OK : ATHLETE_NOMEM;
}

static int field_list_next(athlete_call *call, void *state) {
    (void)call;
    field_listing *at = state;
    at->item++;
    if (!listed_field(at)->name) {
        at->object++;
        at->item = 1;
    }
    return definition_objects[at->object].fields ? SQLITE_ROW : SQLITE_DONE;
}

static void field_list_column(void *state, sqlite3_context *context, int column) {
    const field_listing *at = state;
    const field *f = listed_field(at);
    bool is_bounded = f->kind == FIELD_NUMBER && isfinite(f->min);
    switch (column) {
    case 0: sqlite3_result_text(context, definition_objects[at->object].place, -1, SQLITE_STATIC); break;
    case 1: sqlite3_result_text(context, f->name, -1, SQLITE_STATIC); break;
    case 2: sqlite3_result_text(context, field_form(f->kind), -1, SQLITE_STATIC); break;
    case 3: sqlite3_result_int(context, f->is_required); break;
    case 4:
        if (is_bounded) sqlite3_result_double(context, f->min);
        break;
    case 5:
        if (is_bounded) sqlite3_result_double(context, f->max);
        break;
    case 6: sqlite3_result_text(context, f->otherwise, -1, SQLITE_STATIC); break;
    case 7: sqlite3_result_text(context, f->meaning, -1, SQLITE_STATIC); break;
    }
}

static void field_list_close(void *state) {
    memory_free(NULL, state);
}

const athlete_table feature_definition_fields_table = {
    .columns = "object TEXT, name TEXT, value TEXT, required INTEGER, min REAL, max REAL, \"default\" TEXT, "
               "meaning TEXT",
    .expected_rows = 50,
    .open = field_list_open,
    .next = field_list_next,
    .column = field_list_column,
    .close = field_list_close,
};
