/* athlete_options: every member that the options argument of a function may have, from the table that reads it. */
#include "base/list_options.h"

#include <string.h>
#include "base/memory.h"
#include "base/options.h"

typedef struct options_state {
    int domain, function, option; /* option counts from 1 */
} options_state;

static const athlete_function *function_at(const options_state *state) {
    return athlete_domains[state->domain] ? &athlete_domains[state->domain]->functions[state->function]
                                          : NULL;
}

static athlete_status list_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)call, (void)argc, (void)argv;
    *out = memory_zeroed(NULL, 1, sizeof(options_state));
    return *out ? ATHLETE_OK : ATHLETE_NOMEM;
}

static int list_next(athlete_call *call, void *opaque) {
    (void)call;
    options_state *state = opaque;
    for (const athlete_function *function; (function = function_at(state)) != NULL;) {
        if (!function->name) {
            state->domain++;
            state->function = 0;
        } else if (function->options && function->options[state->option].name) {
            state->option++;
            return SQLITE_ROW;
        } else {
            state->function++;
            state->option = 0;
        }
    }
    return SQLITE_DONE;
}

/* "meaning; default 3" is told as two columns. */
static void result_meaning(sqlite3_context *context, const char *meaning, bool fallback) {
    static const char mark[] = "; default ";
    const char *at = strstr(meaning, mark);
    if (!fallback) sqlite3_result_text(context, meaning, at ? (int)(at - meaning) : -1, SQLITE_TRANSIENT);
    else if (at) sqlite3_result_text(context, at + strlen(mark), -1, SQLITE_STATIC);
}

static void list_column(void *opaque, sqlite3_context *context, int column) {
    static const char *const types[] = {
        [OPTION_NUMBER] = "number", [OPTION_INTEGER] = "integer", [OPTION_FLAG] = "flag",
        [OPTION_CHOICE] = "choice", [OPTION_TEXT] = "text",       [OPTION_JSON] = "list or object",
        [OPTION_COLUMN] = "column",
    };
    const options_state *state = opaque;
    const athlete_function *function = function_at(state);
    const athlete_option *option = &function->options[state->option - 1];
    bool ranged = option->type == OPTION_NUMBER || option->type == OPTION_INTEGER;
    switch (column) {
    case 0: sqlite3_result_text(context, function->name, -1, SQLITE_STATIC); break;
    case 1: sqlite3_result_text(context, option->name, -1, SQLITE_STATIC); break;
    case 2: sqlite3_result_text(context, option->alias, -1, SQLITE_STATIC); break;
    case 3: sqlite3_result_text(context, types[option->type], -1, SQLITE_STATIC); break;
    case 4:
        if (ranged) sqlite3_result_double(context, option->min);
        break;
    case 5:
        if (ranged) sqlite3_result_double(context, option->max);
        break;
    case 6: sqlite3_result_text(context, option->choices, -1, SQLITE_STATIC); break;
    case 7: result_meaning(context, option->meaning, true); break;
    case 8: result_meaning(context, option->meaning, false); break;
    }
}

static void list_close(void *state) {
    memory_free(NULL, state);
}

const athlete_table athlete_options_table = {
    .columns = "function TEXT, name TEXT, alias TEXT, type TEXT, min REAL, max REAL, choices TEXT, "
               "\"default\" TEXT, "
               "meaning TEXT",
    .expected_rows = 60,
    .open = list_open,
    .next = list_next,
    .column = list_column,
    .close = list_close,
};
