#include "base/judge/judge_functions.h"

#include <stddef.h>

/* Not listed: what asks for the clock, for chance, for the state or the version of the connection, or allocates what it
** is told to. The functions of dates are: they look at the clock only if an argument says so, which judge.c sees. */
/* clang-format off */
static const char *const of_row[] = {
    "->", "->>", "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "ceiling", "char",
    "coalesce", "concat", "concat_ws", "cos", "cosh", "date", "datetime", "degrees", "exp", "floor", "format", "glob",
    "hex", "if", "ifnull", "iif", "instr", "json", "json_array", "json_array_length", "json_error_position",
    "json_extract", "json_insert", "json_object", "json_patch", "json_pretty", "json_quote", "json_remove",
    "json_replace", "json_set", "json_type", "json_valid", "jsonb", "jsonb_array", "jsonb_extract", "jsonb_insert",
    "jsonb_object", "jsonb_patch", "jsonb_remove", "jsonb_replace", "jsonb_set", "julianday", "length", "like",
    "likelihood", "likely", "ln", "log", "log10", "log2", "lower", "ltrim", "max", "min", "mod", "nullif",
    "octet_length", "pi", "pow", "power", "printf", "quote", "radians", "replace", "round", "rtrim", "sign", "sin",
    "sinh", "soundex", "sqrt", "strftime", "substr", "substring", "tan", "tanh", "time", "timediff", "trim", "trunc",
    "typeof", "unhex", "unicode", "unistr", "unistr_quote", "unixepoch", "unlikely", "upper", NULL};

static const char *const of_rows[] = {
    "avg", "count", "cume_dist", "dense_rank", "first_value", "group_concat", "json_group_array", "json_group_object",
    "jsonb_group_array", "jsonb_group_object", "lag", "last_value", "lead", "max", "median", "min", "nth_value", "ntile",
    "percent_rank", "percentile", "percentile_cont", "percentile_disc", "rank", "row_number", "string_agg", "sum",
    "total", NULL};
/* clang-format on */

static bool function_is_listed(const char *const *list, const char *name) {
    for (; *list; list++)
        if (sqlite3_stricmp(*list, name) == 0) return true;
    return false;
}

bool function_is_of_row(const char *name) {
    return function_is_listed(of_row, name);
}

bool function_is_of_rows(const char *name) {
    return function_is_listed(of_rows, name);
}

bool function_is_ours(const char *name, athlete_kind kind, athlete_trust trust) {
    for (int i = 0; athlete_domains[i]; i++) {
        for (const athlete_function *f = athlete_domains[i]->functions; f->name; f++) {
            bool fits = f->kind != ATHLETE_VIRTUAL && (f->kind == ATHLETE_TABLE) == (kind == ATHLETE_TABLE);
            if (fits && f->trust == trust && !f->is_internal && sqlite3_stricmp(f->name, name) == 0)
                return true;
        }
    }
    return false;
}
