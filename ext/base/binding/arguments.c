/* What a call may look like, and the sentences that say how one does not. */
#include "base/binding/function.h"

#include <math.h>
#include "base/numbers/date.h"
#include "base/text/json_text.h"

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

athlete_status fault_refuse_str(athlete_fault *fault, sqlite3_str *sentence) {
    char *text = sqlite3_str_finish(sentence);
    if (!text) return ATHLETE_NOMEM;
    fault_refuse(fault, "%s", text);
    sqlite3_free(text);
    return ATHLETE_INVALID;
}

int status_code(athlete_status status) {
    static const int codes[] = {
        [ATHLETE_OK] = SQLITE_OK,
        [ATHLETE_NOMEM] = SQLITE_NOMEM,
        [ATHLETE_OVER_LIMIT] = SQLITE_ERROR,
        [ATHLETE_INTERRUPTED] = SQLITE_INTERRUPT,
        [ATHLETE_INVALID] = SQLITE_ERROR,
    };
    return codes[status];
}

athlete_status status_of(int code) {
    switch (code) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return ATHLETE_OK;
    case SQLITE_NOMEM: return ATHLETE_NOMEM;
    case SQLITE_INTERRUPT: return ATHLETE_INTERRUPTED;
    default: return ATHLETE_INVALID;
    }
}

athlete_status status_of_code(sqlite3 *db, int code, const char *what, athlete_fault *fault) {
    athlete_status status = status_of(code);
    return status == ATHLETE_INVALID ? fault_refuse(fault, "%s%s", what, sqlite3_errmsg(db)) : status;
}

static void append_range(sqlite3_str *out, const athlete_argument *a) {
    if (a->min == 0 && a->max == 0) return;
    const char *low = a->flags & ATHLETE_ABOVE_MIN ? "above" : "at least";
    const char *high = a->flags & ATHLETE_BELOW_MAX ? "below" : "at most";
    if (a->min > -HUGE_VAL) sqlite3_str_appendf(out, " %s %.15g", low, a->min);
    if (a->max < HUGE_VAL) {
        sqlite3_str_appendf(out, "%s %s %.15g", a->min > -HUGE_VAL ? " and" : "", high, a->max);
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
        if (a->type == ATHLETE_INTEGER && type == SQLITE_FLOAT &&
            (x != floor(x) || fabs(x) > 9007199254740992.0)) {
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

int argument_in_doubt(const athlete_function *function, int argc, sqlite3_value **argv) {
    const athlete_argument *a = function->arguments;
    for (int i = 0; i < argc; i++, a++) {
        if (!a->name || a->flags & ATHLETE_REPEATED) return i;
        int type = sqlite3_value_type(argv[i]);
        if (type == SQLITE_NULL) continue;
        if (type != SQLITE_FLOAT && type != SQLITE_INTEGER) return i;
        bool is_number = a->type == ATHLETE_NUMBER || (a->type == ATHLETE_INTEGER && type == SQLITE_INTEGER);
        if (!is_number || !in_range(a, sqlite3_value_double(argv[i]))) return i;
    }
    return argc;
}

athlete_status argument_check(const athlete_function *function, int index, sqlite3_value *value,
                              athlete_fault *fault) {
    const athlete_argument *a = function_argument(function, index);
    int type = sqlite3_value_type(value);
    if (type == SQLITE_TEXT && !sqlite3_value_text(value)) return ATHLETE_NOMEM;
    if (type == SQLITE_NULL || is_accepted(a, value)) return ATHLETE_OK;
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "argument %d (%s) must be %s", index + 1, a->name, type_names[a->type]);
    if (a->type == ATHLETE_NUMBER || a->type == ATHLETE_INTEGER) append_range(out, a);
    sqlite3_str_appendall(out, ", got ");
    value_describe(out, value);
    return fault_refuse_str(fault, out);
}
