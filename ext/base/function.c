#include "base/function.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>
#include "base/date.h"

static const char *const type_names[] = {
    [ATHLETE_ANY] = "a value",
    [ATHLETE_NUMBER] = "a number",
    [ATHLETE_INTEGER] = "an integer",
    [ATHLETE_TEXT] = "text",
    [ATHLETE_DATE] = "a date 'YYYY-MM-DD'",
    [ATHLETE_OPTIONS] = "a JSON object",
    [ATHLETE_QUERY] = "the text of a SELECT",
    [ATHLETE_MODEL] = "the JSON text of a model",
};

int function_required(const athlete_function *function) {
    int n = 0;
    while (function->arguments[n].name && !(function->arguments[n].flags & ATHLETE_OPTIONAL)) n++;
    return n;
}

const athlete_argument *function_argument(const athlete_function *function, int index) {
    const athlete_argument *a = function->arguments;
    for (int i = 0; i < index; i++) {
        if (!a->name) return NULL;
        if (a->flags & ATHLETE_REPEATED) return a;
        a++;
    }
    return a->name ? a : NULL;
}

void function_signature(const athlete_function *function, sqlite3_str *out) {
    int open = 0;
    for (const athlete_argument *a = function->arguments; a->name; a++) {
        const char *comma = a == function->arguments ? "" : ", ";
        if (a->flags & ATHLETE_OPTIONAL) {
            sqlite3_str_appendf(out, "[%s%s", comma, a->name);
            open++;
        } else {
            sqlite3_str_appendf(out, "%s%s", comma, a->name);
        }
        if (a->flags & ATHLETE_REPEATED) sqlite3_str_appendall(out, ", …");
    }
    while (open--) sqlite3_str_appendall(out, "]");
}

/* --- argument checks ------------------------------------------------------------------------------------ */

void value_describe(sqlite3_str *out, sqlite3_value *value) {
    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL: sqlite3_str_appendall(out, "NULL"); break;
    case SQLITE_INTEGER: sqlite3_str_appendf(out, "%lld", sqlite3_value_int64(value)); break;
    case SQLITE_FLOAT: sqlite3_str_appendf(out, "%!.15g", sqlite3_value_double(value)); break;
    case SQLITE_BLOB: sqlite3_str_appendf(out, "a blob of %d bytes", sqlite3_value_bytes(value)); break;
    default: {
        int bytes = sqlite3_value_bytes(value);
        sqlite3_str_appendf(out, bytes > 40 ? "text '%!.37s...'" : "text '%s'", sqlite3_value_text(value));
    }
    }
}

static void append_range(sqlite3_str *out, const athlete_argument *a) {
    if (a->min == 0 && a->max == 0) return;
    const char *low = a->flags & ATHLETE_ABOVE_MIN ? "above" : "at least";
    const char *high = a->flags & ATHLETE_BELOW_MAX ? "below" : "at most";
    if (a->min > -HUGE_VAL) sqlite3_str_appendf(out, " %s %!.15g", low, a->min);
    if (a->max < HUGE_VAL) {
        sqlite3_str_appendf(out, "%s %s %!.15g", a->min > -HUGE_VAL ? " and" : "", high, a->max);
    }
}

static bool in_range(const athlete_argument *a, double x) {
    if (!isfinite(x)) return false;
    if (a->min == 0 && a->max == 0) return true;
    if (a->flags & ATHLETE_ABOVE_MIN ? x <= a->min : x < a->min) return false;
    if (a->flags & ATHLETE_BELOW_MAX ? x >= a->max : x > a->max) return false;
    return true;
}

static bool is_accepted(const athlete_argument *a, sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    switch (a->type) {
    case ATHLETE_ANY: return true;
    case ATHLETE_NUMBER:
    case ATHLETE_INTEGER: {
        type = sqlite3_value_numeric_type(value);
        if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) return false;
        double x = sqlite3_value_double(value);
        if (a->type == ATHLETE_INTEGER && type == SQLITE_FLOAT && (x != floor(x) || fabs(x) > 9007199254740992.0)) {
            return false;
        }
        return in_range(a, x);
    }
    case ATHLETE_DATE: {
        int day;
        return type == SQLITE_TEXT && date_parse((const char *)sqlite3_value_text(value), &day);
    }
    case ATHLETE_TEXT:
    case ATHLETE_OPTIONS:
    case ATHLETE_QUERY:
    case ATHLETE_MODEL: return type == SQLITE_TEXT;
    }
    return false;
}

char *argument_check(const athlete_function *function, int index, sqlite3_value *value) {
    const athlete_argument *a = function_argument(function, index);
    if (sqlite3_value_type(value) == SQLITE_NULL || is_accepted(a, value)) return NULL;
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "%s: argument %d (%s) must be %s", function->name, index + 1, a->name, type_names[a->type]);
    if (a->type == ATHLETE_NUMBER || a->type == ATHLETE_INTEGER) append_range(out, a);
    sqlite3_str_appendall(out, ", got ");
    value_describe(out, value);
    return sqlite3_str_finish(out);
}

/* --- failures ------------------------------------------------------------------------------------------- */

const athlete_function *function_of(sqlite3_context *context) {
    return sqlite3_user_data(context);
}

void function_fail(sqlite3_context *context, const char *format, ...) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "%s: ", function_of(context)->name);
    va_list arguments;
    va_start(arguments, format);
    sqlite3_str_vappendf(out, format, arguments);
    va_end(arguments);
    char *message = sqlite3_str_finish(out);
    if (message) {
        sqlite3_result_error(context, message, -1);
        sqlite3_free(message);
    } else {
        sqlite3_result_error_nomem(context);
    }
}

void function_fail_argument(sqlite3_context *context, int index, const char *expected, sqlite3_value *value) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    value_describe(out, value);
    char *found = sqlite3_str_finish(out);
    const char *name = function_argument(function_of(context), index)->name;
    if (found) function_fail(context, "argument %d (%s) must be %s, got %s", index + 1, name, expected, found);
    else sqlite3_result_error_nomem(context);
    sqlite3_free(found);
}

void function_fail_status(sqlite3_context *context, athlete_status status, const char *detail) {
    switch (status) {
    case ATHLETE_OK: break;
    case ATHLETE_NOMEM: sqlite3_result_error_nomem(context); break;
    case ATHLETE_INTERRUPTED: sqlite3_result_error_code(context, SQLITE_INTERRUPT); break;
    case ATHLETE_OVER_LIMIT:
        function_fail(context, "needs more memory than its limit%s%s", detail ? ": " : "", detail ? detail : "");
        break;
    case ATHLETE_INVALID: function_fail(context, "%s", detail ? detail : "invalid input"); break;
    }
}

void function_result_number(sqlite3_context *context, double answer) {
    if (isinf(answer)) function_fail(context, "the result is too large for a number");
    else sqlite3_result_double(context, answer); /* NaN becomes NULL */
}

/* --- SQLite's callbacks --------------------------------------------------------------------------------- */

/* False after a wrong call, whose error is then set. */
static bool arguments_pass(sqlite3_context *context, int argc, sqlite3_value **argv) {
    const athlete_function *function = function_of(context);
    if (argc < function_required(function) || (argc > 0 && !function_argument(function, argc - 1))) {
        sqlite3_str *out = sqlite3_str_new(NULL);
        function_signature(function, out);
        char *signature = sqlite3_str_finish(out);
        function_fail(context, "called with %d argument%s, the form is %s(%s)", argc, argc == 1 ? "" : "s",
                      function->name, signature ? signature : "");
        sqlite3_free(signature);
        return false;
    }
    for (int i = 0; i < argc; i++) {
        char *message = argument_check(function, i, argv[i]);
        if (message) {
            sqlite3_result_error(context, message, -1);
            sqlite3_free(message);
            return false;
        }
    }
    return true;
}

static bool answers_null(const athlete_function *function, int argc, sqlite3_value **argv) {
    for (int i = 0; i < argc; i++) {
        if (sqlite3_value_type(argv[i]) == SQLITE_NULL && !(function_argument(function, i)->flags & ATHLETE_NULLABLE)) {
            return true;
        }
    }
    return false;
}

#define MAX_NUMBERS 8

static void scalar_callback(sqlite3_context *context, int argc, sqlite3_value **argv) {
    const athlete_function *function = function_of(context);
    if (!arguments_pass(context, argc, argv)) return;
    if (answers_null(function, argc, argv)) {
        sqlite3_result_null(context);
        return;
    }
    if (function->scalar) {
        function->scalar(context, argc, argv);
        return;
    }
    double numbers[MAX_NUMBERS];
    for (int i = 0; i < MAX_NUMBERS; i++) numbers[i] = i < argc ? sqlite3_value_double(argv[i]) : NAN;
    function_result_number(context, function->number(numbers));
}

static void step_callback(sqlite3_context *context, int argc, sqlite3_value **argv) {
    if (arguments_pass(context, argc, argv)) function_of(context)->step(context, argc, argv);
}

static void inverse_callback(sqlite3_context *context, int argc, sqlite3_value **argv) {
    function_of(context)->inverse(context, argc, argv); /* these rows passed the checks when they came in */
}

static void final_callback(sqlite3_context *context) {
    function_of(context)->final(context);
}

static void value_callback(sqlite3_context *context) {
    function_of(context)->value(context);
}

static int function_register(sqlite3 *db, const athlete_function *function) {
    int flags = SQLITE_UTF8;
    flags |= function->trust == ATHLETE_PURE ? SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS : SQLITE_DIRECTONLY;
    void *row = (void *)(size_t)function;
    switch (function->kind) {
    case ATHLETE_SCALAR:
        return sqlite3_create_function_v2(db, function->name, -1, flags, row, scalar_callback, NULL, NULL, NULL);
    case ATHLETE_AGGREGATE:
        return sqlite3_create_function_v2(db, function->name, -1, flags, row, NULL, step_callback, final_callback, NULL);
    case ATHLETE_WINDOW:
        return sqlite3_create_window_function(db, function->name, -1, flags, row, step_callback, final_callback,
                                              value_callback, inverse_callback, NULL);
    case ATHLETE_TABLE: return table_function_register(db, function);
    }
    return SQLITE_MISUSE;
}

int domain_register(sqlite3 *db, const athlete_domain *domain, char **message) {
    for (const athlete_function *function = domain->functions; function->name; function++) {
        int rc = function_register(db, function);
        if (rc != SQLITE_OK) {
            if (message) *message = sqlite3_mprintf("athlete: cannot register %s: %s", function->name, sqlite3_errmsg(db));
            return rc;
        }
    }
    return SQLITE_OK;
}
