#include "base/functions/base_callbacks_sql.h"

#include <math.h>
#include <string.h>
#include "base/binding/function.h"
#include "base/numbers/decimal.h"

static void append_real(sqlite3_str *out, double x) {
    char text[ATHLETE_DECIMAL_SIZE];
    if (isinf(x)) {
        sqlite3_str_appendall(out, x > 0 ? "9.0e+999" : "-9.0e+999"); /* as SQLite's quote() */
        return;
    }
    sqlite3_str_append(out, text, decimal_write_short(x, text));
}

static void finish(sqlite3_context *context, sqlite3_str *out) {
    int bytes = sqlite3_str_length(out), code = sqlite3_str_errcode(out);
    char *text = sqlite3_str_finish(out); /* NULL where nothing was written, too */
    if (code == SQLITE_OK && text) {
        sqlite3_result_text(context, text, bytes, sqlite3_free);
        return;
    }
    sqlite3_free(text);
    if (code == SQLITE_OK) sqlite3_result_text(context, "", 0, SQLITE_STATIC);
    else sqlite3_result_error_code(context, code);
}

void number_text_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    sqlite3_str *out = sqlite3_str_new(sqlite3_context_db_handle(context));
    if (sqlite3_value_numeric_type(argv[0]) == SQLITE_INTEGER)
        sqlite3_str_appendf(out, "%lld", sqlite3_value_int64(argv[0]));
    else append_real(out, sqlite3_value_double(argv[0]));
    finish(context, out);
}

void exact_real_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    const char *text = (const char *)sqlite3_value_text(argv[0]), *end = text;
    double x;
    if (decimal_read(&end, &x) == ATHLETE_OK && end == text + sqlite3_value_bytes(argv[0]))
        sqlite3_result_double(context, x);
    else function_fail_argument(context, 0, "the text of a number", argv[0]);
}

/* --- a row ---------------------------------------------------------------------------------------------- */

static void append_hex(sqlite3_str *out, const unsigned char *bytes, int n) {
    static const char digits[] = "0123456789ABCDEF";
    sqlite3_str_appendall(out, "X'");
    for (int i = 0; i < n; i++) {
        sqlite3_str_appendchar(out, 1, digits[bytes[i] >> 4]);
        sqlite3_str_appendchar(out, 1, digits[bytes[i] & 15]);
    }
    sqlite3_str_appendall(out, "'");
}

/* A text with a zero byte, where a quoted one would end, is written by its bytes. False when memory is short. */
static bool literals_append_text(sqlite3_str *out, sqlite3_value *value) {
    const char *text = (const char *)sqlite3_value_text(value);
    int n = sqlite3_value_bytes(value);
    if (!text) return false;
    if (memchr(text, 0, (size_t)n)) {
        sqlite3_str_appendall(out, "CAST(");
        append_hex(out, (const unsigned char *)text, n);
        sqlite3_str_appendall(out, " AS TEXT)");
        return true;
    }
    sqlite3_str_appendf(out, "%Q", text);
    return true;
}

void row_literals_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    sqlite3_str *out = sqlite3_str_new(sqlite3_context_db_handle(context));
    bool has_memory = true;
    for (int i = 0; i < argc && has_memory; i++) {
        if (i > 0) sqlite3_str_appendall(out, ",");
        switch (sqlite3_value_type(argv[i])) {
        case SQLITE_NULL: sqlite3_str_appendall(out, "NULL"); break;
        case SQLITE_INTEGER: sqlite3_str_appendf(out, "%lld", sqlite3_value_int64(argv[i])); break;
        case SQLITE_FLOAT: append_real(out, sqlite3_value_double(argv[i])); break;
        case SQLITE_TEXT: has_memory = literals_append_text(out, argv[i]); break;
        default: append_hex(out, sqlite3_value_blob(argv[i]), sqlite3_value_bytes(argv[i]));
        }
    }
    if (has_memory) {
        finish(context, out);
        return;
    }
    sqlite3_free(sqlite3_str_finish(out));
    sqlite3_result_error_nomem(context);
}

/* --- rows of before ------------------------------------------------------------------------------------- */

/* The end of a quoted text that starts at p. */
static const char *literals_quoted_end(const char *p) {
    for (p++; *p; p++) {
        if (*p != '\'') continue;
        if (p[1] != '\'') return p + 1;
        p++;
    }
    return p;
}

/* A number with a point or an exponent is a REAL; before 3.43 an infinity was Inf. Whatever else stands there is left as it
** is. */
static const char *append_number(sqlite3_str *out, const char *p) {
    size_t n = strcspn(p, ",");
    const char *end = p;
    double x;
    if (strcspn(p, ".eE") < n && decimal_read(&end, &x) == ATHLETE_OK && end == p + n) append_real(out, x);
    else if (n == 3 && memcmp(p, "Inf", n) == 0) append_real(out, HUGE_VAL);
    else if (n == 4 && memcmp(p, "-Inf", n) == 0) append_real(out, -HUGE_VAL);
    else sqlite3_str_append(out, p, (int)n);
    return p + n;
}

void exact_literals_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    const char *p = (const char *)sqlite3_value_text(argv[0]);
    sqlite3_str *out = sqlite3_str_new(sqlite3_context_db_handle(context));
    bool begins = true; /* a literal */
    while (*p) {
        const char *from = p;
        if (begins && strchr("-0123456789I", *p)) {
            p = append_number(out, p);
            begins = false;
            continue;
        }
        begins = *p == ',';
        p = *p == '\'' ? literals_quoted_end(p) : p + 1;
        sqlite3_str_append(out, from, (int)(p - from));
    }
    finish(context, out);
}
