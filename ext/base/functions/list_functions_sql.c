#include "base/functions/base_callbacks_sql.h"

#include <math.h>
#include <string.h>
#include "base/binding/options.h"
#include "base/memory.h"

typedef struct listing {
    int domain, function; /* -1 before the first */
    int item;             /* of the function: its argument or option, from 1; 0 before the first */
} listing;

static const athlete_function *listed(const listing *at) {
    return &athlete_domains[at->domain]->functions[at->function];
}

static athlete_status list_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)call, (void)argc, (void)argv;
    listing *at = memory_zeroed(NULL, 1, sizeof *at);
    if (!at) return ATHLETE_NOMEM;
    at->function = -1;
    *out = at;
    return ATHLETE_OK;
}

static void list_close(void *state) {
    memory_free(NULL, state);
}

static bool next_function(listing *at) {
    at->function++;
    at->item = 0;
    while (athlete_domains[at->domain]) {
        const athlete_function *function = listed(at);
        if (function->name && !function->is_internal) return true;
        if (function->name) {
            at->function++;
        } else {
            at->domain++;
            at->function = 0;
        }
    }
    return false;
}

/* --- athlete_functions ---------------------------------------------------------------------------------- */

static int functions_next(athlete_call *call, void *state) {
    (void)call;
    return next_function(state) ? SQLITE_ROW : SQLITE_DONE;
}

/* One line per argument: "pace: min/km, above 0". */
static void result_arguments(sqlite3_context *context, const athlete_function *function) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    for (const athlete_argument *a = function->arguments; a->name; a++) {
        sqlite3_str_appendf(out, "%s%s: %s", a == function->arguments ? "" : "\n", a->name,
                            a->meaning ? a->meaning : "");
    }
    function_result_str(context, out);
}

static void functions_column(void *opaque, sqlite3_context *context, int column) {
    static const char *const kinds[] = {"scalar", "aggregate", "window", "table", "virtual table"};
    static const char *const trusts[] = {"pure", "direct"};
    const listing *at = opaque;
    const athlete_function *function = listed(at);
    switch (column) {
    case 0: sqlite3_result_text(context, function->name, -1, SQLITE_STATIC); break;
    case 1: sqlite3_result_text(context, athlete_domains[at->domain]->name, -1, SQLITE_STATIC); break;
    case 2: sqlite3_result_text(context, kinds[function->kind], -1, SQLITE_STATIC); break;
    case 3: {
        sqlite3_str *out = sqlite3_str_new(NULL);
        sqlite3_str_appendf(out, "%s(", function->name);
        function_signature(function, out);
        sqlite3_str_appendall(out, ")");
        function_result_str(context, out);
        break;
    }
    case 4: sqlite3_result_text(context, function->summary, -1, SQLITE_STATIC); break;
    case 5: result_arguments(context, function); break;
    case 6:
        sqlite3_result_text(context, function->table ? function->table->columns : function->returns, -1,
                            SQLITE_STATIC);
        break;
    case 7: sqlite3_result_text(context, function->errors, -1, SQLITE_STATIC); break;
    case 8: sqlite3_result_text(context, function->source, -1, SQLITE_STATIC); break;
    case 9: sqlite3_result_text(context, trusts[function->trust], -1, SQLITE_STATIC); break;
    case 10: sqlite3_result_text(context, function->example, -1, SQLITE_STATIC); break;
    }
}

const athlete_table athlete_functions_table = {
    .columns = "name TEXT, domain TEXT, kind TEXT, signature TEXT, summary TEXT, arguments TEXT, "
               "returns TEXT, errors TEXT, source TEXT, trust TEXT, example TEXT",
    .expected_rows = 60,
    .open = list_open,
    .next = functions_next,
    .column = functions_column,
    .close = list_close,
};

/* --- athlete_arguments ---------------------------------------------------------------------------------- */

static int arguments_next(athlete_call *call, void *state) {
    (void)call;
    listing *at = state;
    while (at->function < 0 || !listed(at)->arguments[at->item].name) {
        if (!next_function(at)) return SQLITE_DONE;
    }
    at->item++;
    return SQLITE_ROW;
}

static const char *default_of(const athlete_function *function, const char *argument) {
    for (const athlete_default *d = function->defaults; d && d->argument; d++)
        if (strcmp(d->argument, argument) == 0) return d->value;
    return NULL;
}

static void arguments_column(void *opaque, sqlite3_context *context, int column) {
    static const char *const types[] = {
        [ATHLETE_ANY] = "any",     [ATHLETE_NUMBER] = "number", [ATHLETE_INTEGER] = "integer",
        [ATHLETE_TEXT] = "text",   [ATHLETE_DATE] = "date",     [ATHLETE_OPTIONS] = "options",
        [ATHLETE_QUERY] = "query", [ATHLETE_MODEL] = "model",
    };
    const listing *at = opaque;
    const athlete_function *function = listed(at);
    const athlete_argument *a = &function->arguments[at->item - 1];
    bool ranged = a->min != 0 || a->max != 0;
    switch (column) {
    case 0: sqlite3_result_text(context, function->name, -1, SQLITE_STATIC); break;
    case 1: sqlite3_result_int(context, at->item); break;
    case 2: sqlite3_result_text(context, a->name, -1, SQLITE_STATIC); break;
    case 3: sqlite3_result_text(context, types[a->type], -1, SQLITE_STATIC); break;
    case 4: sqlite3_result_int(context, (a->flags & ATHLETE_OPTIONAL) != 0); break;
    case 5: sqlite3_result_int(context, (a->flags & ATHLETE_NULLABLE) != 0); break;
    case 6: sqlite3_result_int(context, (a->flags & ATHLETE_REPEATED) != 0); break;
    case 7:
        if (ranged && a->min > -HUGE_VAL) sqlite3_result_double(context, a->min);
        break;
    case 8:
        if (ranged && a->max < HUGE_VAL) sqlite3_result_double(context, a->max);
        break;
    case 9: sqlite3_result_int(context, (a->flags & ATHLETE_ABOVE_MIN) != 0); break;
    case 10: sqlite3_result_int(context, (a->flags & ATHLETE_BELOW_MAX) != 0); break;
    case 11: sqlite3_result_text(context, default_of(function, a->name), -1, SQLITE_STATIC); break;
    case 12: sqlite3_result_text(context, a->meaning, -1, SQLITE_STATIC); break;
    }
}

const athlete_table athlete_arguments_table = {
    .columns = "function TEXT, position INTEGER, name TEXT, type TEXT, optional INTEGER, nullable INTEGER, "
               "repeated INTEGER, min REAL, max REAL, above_min INTEGER, below_max INTEGER, "
               "\"default\" TEXT, meaning TEXT",
    .expected_rows = 200,
    .open = list_open,
    .next = arguments_next,
    .column = arguments_column,
    .close = list_close,
};

/* --- athlete_options ------------------------------------------------------------------------------------ */

/* Option `index` of the function, those within another one last; NULL after the last. */
static const athlete_option *option_at(const athlete_function *function, int index, bool *is_inner) {
    *is_inner = false;
    for (const athlete_option *o = function->options; o && o->name; o++)
        if (index-- == 0) return o;
    *is_inner = true;
    for (const athlete_option *o = function->inner_options; o && o->name; o++)
        if (index-- == 0) return o;
    return NULL;
}

static int options_next(athlete_call *call, void *state) {
    (void)call;
    listing *at = state;
    bool is_inner;
    while (at->function < 0 || !option_at(listed(at), at->item, &is_inner)) {
        if (!next_function(at)) return SQLITE_DONE;
    }
    at->item++;
    return SQLITE_ROW;
}

/* "lookups[].group" */
static void result_inner_name(sqlite3_context *context, const athlete_function *function, const char *name) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "%s[].%s", function->inner_name, name);
    function_result_str(context, out);
}

/* Without the parentheses around what is no value. */
static void result_fallback(sqlite3_context *context, const char *text) {
    if (text && *text == '(') sqlite3_result_text(context, text + 1, (int)strlen(text) - 2, SQLITE_STATIC);
    else sqlite3_result_text(context, text, -1, SQLITE_STATIC);
}

static void options_column(void *opaque, sqlite3_context *context, int column) {
    static const char *const types[] = {
        [OPTION_NUMBER] = "number",       [OPTION_NUMBERS] = "numbers", [OPTION_INTEGER] = "integer",
        [OPTION_FLAG] = "flag",           [OPTION_CHOICE] = "choice",   [OPTION_TEXT] = "text",
        [OPTION_JSON] = "list or object", [OPTION_LIST] = "list",       [OPTION_OBJECT] = "object",
        [OPTION_COLUMN] = "column",
    };
    const listing *at = opaque;
    const athlete_function *function = listed(at);
    bool is_inner;
    const athlete_option *option = option_at(function, at->item - 1, &is_inner);
    bool ranged =
        option->type == OPTION_NUMBER || option->type == OPTION_NUMBERS || option->type == OPTION_INTEGER;
    switch (column) {
    case 0: sqlite3_result_text(context, function->name, -1, SQLITE_STATIC); break;
    case 1:
        if (is_inner) result_inner_name(context, function, option->name);
        else sqlite3_result_text(context, option->name, -1, SQLITE_STATIC);
        break;
    case 2: sqlite3_result_text(context, option->alias, -1, SQLITE_STATIC); break;
    case 3: sqlite3_result_text(context, types[option->type], -1, SQLITE_STATIC); break;
    case 4:
        if (ranged) sqlite3_result_double(context, option->min);
        break;
    case 5:
        if (ranged) sqlite3_result_double(context, option->max);
        break;
    case 6: sqlite3_result_text(context, option->choices, -1, SQLITE_STATIC); break;
    case 7: result_fallback(context, option->fallback); break;
    case 8: sqlite3_result_text(context, option->meaning, -1, SQLITE_STATIC); break;
    }
}

const athlete_table athlete_options_table = {
    .columns = "function TEXT, name TEXT, alias TEXT, type TEXT, min REAL, max REAL, choices TEXT, "
               "\"default\" TEXT, meaning TEXT",
    .expected_rows = 60,
    .open = list_open,
    .next = options_next,
    .column = options_column,
    .close = list_close,
};
