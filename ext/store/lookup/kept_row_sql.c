#include "store/lookup/kept_row_sql.h"

#include <string.h>
#include "base/binding/function.h"
#include "base/memory.h"

bool kept_row_open(kept_row *row, int n_values) {
    *row = (kept_row){.n_values = n_values};
    row->values = memory_zeroed(NULL, (size_t)n_values, sizeof *row->values);
    for (int i = 0; row->values && i < n_values; i++) row->values[i].type = SQLITE_NULL;
    return row->values != NULL;
}

void kept_row_close(kept_row *row) {
    memory_free(NULL, row->values);
    memory_free(NULL, row->text);
    *row = (kept_row){.values = NULL};
}

static bool store_bytes(kept_row *row, kept_value *value, const void *bytes, int n) {
    size_t needed = row->text_used + (size_t)n + 1;
    if (memory_reserve(NULL, &row->text, &row->text_capacity, needed) != ATHLETE_OK) return false;
    value->bytes = n;
    value->as.offset = row->text_used;
    if (n > 0) memcpy(row->text + row->text_used, bytes, (size_t)n);
    row->text[row->text_used + (size_t)n] = '\0';
    row->text_used = needed;
    return true;
}

void kept_row_store(kept_row *row, int first, int n, sqlite3_value **values) {
    row->present = true;
    for (int i = 0; i < n; i++) {
        kept_value *kept = &row->values[first + i];
        kept->type = sqlite3_value_type(values[i]);
        switch (kept->type) {
        case SQLITE_INTEGER: kept->as.integer = sqlite3_value_int64(values[i]); break;
        case SQLITE_FLOAT: kept->as.number = sqlite3_value_double(values[i]); break;
        case SQLITE_TEXT:
        case SQLITE_BLOB: {
            /* The length first: it turns UTF-16 into UTF-8, in place. The bytes then need no zero at their end, for
            ** which sqlite3_value_text might copy them. */
            int length = sqlite3_value_bytes(values[i]);
            const void *bytes = sqlite3_value_blob(values[i]);
            if ((!bytes && length > 0) || !store_bytes(row, kept, bytes, length)) {
                kept->type = SQLITE_NULL;
                row->failed = true;
            }
            break;
        }
        }
    }
}

bool kept_row_text(kept_row *row, int to, const char *text, int bytes) {
    row->values[to].type = SQLITE_TEXT;
    if (store_bytes(row, &row->values[to], text, bytes)) return true;
    row->values[to].type = SQLITE_NULL;
    return false;
}

bool kept_row_copy(kept_row *row, int to, const kept_row *other, int from) {
    const kept_value *value = &other->values[from];
    row->values[to] = *value;
    if (value->type != SQLITE_TEXT && value->type != SQLITE_BLOB) return true;
    if (store_bytes(row, &row->values[to], kept_text(other, value), value->bytes)) return true;
    row->values[to].type = SQLITE_NULL;
    return false;
}

void kept_result_bytes(sqlite3_context *context, const kept_row *row, int i) {
    const kept_value *value = &row->values[i];
    const char *bytes = kept_text(row, value);
    if (value->type == SQLITE_TEXT) sqlite3_result_text(context, bytes, value->bytes, SQLITE_TRANSIENT);
    else sqlite3_result_blob(context, bytes, value->bytes, SQLITE_TRANSIENT);
}

int kept_bind(sqlite3_stmt *statement, int index, const kept_row *row, int i) {
    const kept_value *value = &row->values[i];
    switch (value->type) {
    case SQLITE_INTEGER: return sqlite3_bind_int64(statement, index, value->as.integer);
    case SQLITE_FLOAT: return sqlite3_bind_double(statement, index, value->as.number);
    case SQLITE_TEXT:
        return sqlite3_bind_text(statement, index, kept_text(row, value), value->bytes, SQLITE_STATIC);
    case SQLITE_BLOB:
        return sqlite3_bind_blob(statement, index, kept_text(row, value), value->bytes, SQLITE_STATIC);
    default: return sqlite3_bind_null(statement, index);
    }
}

static int class_of(const kept_value *value) {
    return value->type == SQLITE_NULL   ? 0
           : value->type == SQLITE_TEXT ? 2
           : value->type == SQLITE_BLOB ? 3
                                        : 1;
}

static double number_of(const kept_value *value) {
    return value->type == SQLITE_INTEGER ? (double)value->as.integer : value->as.number;
}

int kept_compare(const kept_row *a, int i, const kept_row *b, int k) {
    const kept_value *x = &a->values[i], *y = &b->values[k];
    int class = class_of(x);
    if (class != class_of(y)) return class - class_of(y);
    if (class == 0) return 0;
    if (class == 1) {
        if (x->type == SQLITE_INTEGER && y->type == SQLITE_INTEGER)
            return (x->as.integer > y->as.integer) - (x->as.integer < y->as.integer);
        return (number_of(x) > number_of(y)) - (number_of(x) < number_of(y));
    }
    int shared = x->bytes < y->bytes ? x->bytes : y->bytes;
    int order = memcmp(kept_text(a, x), kept_text(b, y), (size_t)shared);
    return order ? order : x->bytes - y->bytes;
}

int kept_compare_value(const kept_row *row, int i, sqlite3_value *value) {
    kept_value own = {.type = sqlite3_value_type(value)};
    kept_row other = {.n_values = 1, .values = &own};
    switch (own.type) {
    case SQLITE_INTEGER: own.as.integer = sqlite3_value_int64(value); break;
    case SQLITE_FLOAT: own.as.number = sqlite3_value_double(value); break;
    case SQLITE_TEXT:
    case SQLITE_BLOB:
        own.bytes = sqlite3_value_bytes(value);
        other.text = (char *)(size_t)sqlite3_value_blob(value);
    }
    return kept_compare(row, i, &other, 0);
}
