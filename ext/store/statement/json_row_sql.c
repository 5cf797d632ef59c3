#include "store/statement/json_row_sql.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

void write_json_text(sqlite3_str *out, const char *text) {
    static const char letters[32] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    sqlite3_str_appendchar(out, 1, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') sqlite3_str_appendf(out, "\\%c", c);
        else if (c >= ' ') sqlite3_str_appendchar(out, 1, *text);
        else if (letters[c]) sqlite3_str_appendf(out, "\\%c", letters[c]);
        else sqlite3_str_appendf(out, "\\u%04x", c);
    }
    sqlite3_str_appendchar(out, 1, '"');
}

void write_json_hex(sqlite3_str *out, const void *blob, int n) {
    const unsigned char *bytes = blob;
    sqlite3_str_appendchar(out, 1, '"');
    for (int i = 0; i < n; i++) sqlite3_str_appendf(out, "%02X", bytes[i]);
    sqlite3_str_appendchar(out, 1, '"');
}

/* A blob is its hexadecimal digits, and so is a text with a zero byte; what is infinite is a text. */
static void write_json_column(sqlite3_str *out, sqlite3_stmt *row, int column) {
    int type = sqlite3_column_type(row, column);
    if (type == SQLITE_NULL) {
        sqlite3_str_appendall(out, "null");
    } else if (type == SQLITE_INTEGER) {
        sqlite3_str_appendf(out, "%lld", sqlite3_column_int64(row, column));
    } else if (type == SQLITE_FLOAT) {
        double x = sqlite3_column_double(row, column);
        sqlite3_str_appendf(out, isinf(x) ? "\"%!.15g\"" : "%!.15g", x);
    } else {
        const unsigned char *bytes =
            type == SQLITE_TEXT ? sqlite3_column_text(row, column) : sqlite3_column_blob(row, column);
        int n = sqlite3_column_bytes(row, column);
        bool is_text = type == SQLITE_TEXT && bytes && !memchr(bytes, 0, (size_t)n);
        if (is_text) write_json_text(out, (const char *)bytes);
        else write_json_hex(out, bytes, bytes ? n : 0);
    }
}

void write_json_row(sqlite3_str *out, sqlite3_stmt *row, int first) {
    for (int i = first; i < sqlite3_column_count(row); i++) {
        sqlite3_str_appendf(out, i > first ? ",\"%s\":" : "{\"%s\":", sqlite3_column_name(row, i));
        write_json_column(out, row, i);
    }
    sqlite3_str_appendchar(out, 1, '}');
}
