#include "trees/trainer/train_value_sql.h"

#include <math.h>
#include "base/binding/function.h"
#include "base/utf8.h"

athlete_status train_row_refuse(trainer *t, const char *what, int feature, const char *expected,
                                sqlite3_value *value) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "row %lld: %s", (long long)t->n_read + 1, what);
    if (feature >= 0) {
        sqlite3_str_appendf(out, " %d", feature + 1);
        if (t->columns.feature_names) sqlite3_str_appendf(out, " (%s)", t->columns.feature_names[feature]);
    }
    sqlite3_str_appendf(out, " must be %s, got ", expected);
    value_describe(out, value);
    return fault_refuse_str(&t->fault, out);
}

bool train_is_number(sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    if (type == SQLITE_TEXT) type = sqlite3_value_numeric_type(value);
    return (type == SQLITE_INTEGER || type == SQLITE_FLOAT) && isfinite(sqlite3_value_double(value));
}

bool train_is_name(sqlite3_value *value) {
    const char *text = (const char *)sqlite3_value_text(value);
    size_t length = text ? (size_t)sqlite3_value_bytes(value) : 0;
    for (size_t at = 0, n; at < length; at += n) {
        n = text[at] ? utf8_length(text + at, length - at) : 0;
        if (n == 0) return false;
    }
    return true;
}
