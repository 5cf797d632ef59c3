#include "store/lookup/lookup_value_sql.h"

#include <string.h>

value_view view_value(sqlite3_value *value) {
    value_view view = {.type = sqlite3_value_type(value)};
    if (view.type == SQLITE_INTEGER) {
        view.integer = sqlite3_value_int64(value);
    } else if (view.type == SQLITE_FLOAT) {
        view.number = sqlite3_value_double(value);
    } else if (view.type == SQLITE_TEXT) {
        view.text = (const char *)sqlite3_value_text(value);
        view.bytes = sqlite3_value_bytes(value);
    }
    return view;
}

value_view view_kept(const kept_row *row, int i) {
    const kept_value *value = &row->values[i];
    value_view view = {.type = value->type, .bytes = value->bytes};
    if (view.type == SQLITE_INTEGER) view.integer = value->as.integer;
    else if (view.type == SQLITE_FLOAT) view.number = value->as.number;
    else if (view.type == SQLITE_TEXT) view.text = kept_text(row, value);
    return view;
}

bool value_compare(const value_view *a, const value_view *b, int *order) {
    if (a->type != b->type) return false;
    switch (a->type) {
    case SQLITE_INTEGER: *order = (a->integer > b->integer) - (a->integer < b->integer); return true;
    case SQLITE_FLOAT: *order = (a->number > b->number) - (a->number < b->number); return true;
    case SQLITE_TEXT: {
        if (!a->text || !b->text) return false;
        int shared = a->bytes < b->bytes ? a->bytes : b->bytes;
        int difference = memcmp(a->text, b->text, (size_t)shared);
        *order = difference ? difference : a->bytes - b->bytes;
        return true;
    }
    default: return false;
    }
}
