/* Binding of block_bootstrap.
**
** R1  Rows with a NULL are skipped; without other rows the answer is NULL.
** R2  The order of rows changes nothing. */
#include "base/binding/constant_text.h"
#include "base/text/text_buffer.h"
#include "validation/block_bootstrap.h"
#include "validation/validation_callbacks_sql.h"
#include "base/binding/value_key.h"

enum { MEAN_OF_BLOCKS, MEAN_OF_ROWS };
enum { METHOD_STUDENTIZED, METHOD_PERCENTILE };

typedef struct bootstrap_settings {
    sqlite3_int64 resamples, seed;
    double level;
    int mean_of, method;
} bootstrap_settings;

const athlete_option block_bootstrap_options[] = {
    {"resamples", NULL, OPTION_INTEGER, offsetof(bootstrap_settings, resamples), 100, 1e6, NULL, "9999",
     "times that blocks are drawn, as many as there are"},
    {"seed", NULL, OPTION_INTEGER, offsetof(bootstrap_settings, seed), 0, 9007199254740992.0, NULL, "0",
     "of the draws"},
    {"level", NULL, OPTION_NUMBER, offsetof(bootstrap_settings, level), 0.5, 0.999, NULL, "0.95",
     "share of the two-sided interval from lower to upper"},
    {"mean_of", NULL, OPTION_CHOICE, offsetof(bootstrap_settings, mean_of), 0, 0, "blocks|rows", "blocks",
     "the mean of the blocks' means, each block counting once, or of all rows"},
    {"method", NULL, OPTION_CHOICE, offsetof(bootstrap_settings, method), 0, 0, "studentized|percentile",
     "studentized",
     "each mean in its own standard error, which holds the level with few blocks, or as it is"},
    {.name = NULL},
};

/* SQLite hands it over zeroed. */
typedef struct bootstrap_state {
    athlete_budget budget;
    constant_text options;
    double *differences;
    uint64_t *keys;
    size_t n, differences_capacity, keys_capacity;
} bootstrap_state;

void block_bootstrap_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    bootstrap_state *state = sqlite3_aggregate_context(context, sizeof *state);
    if (!state) sqlite3_result_error_nomem(context);
    if (!state || sqlite3_value_type(argv[0]) == SQLITE_NULL || sqlite3_value_type(argv[1]) == SQLITE_NULL)
        return;
    athlete_status status = constant_text_take(&state->options, argc > 2 ? argv[2] : NULL);
    if (status == ATHLETE_INVALID) {
        function_fail(context, "argument 3 (options) must be the same for all rows");
        return;
    }
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    if (status == ATHLETE_OK)
        status =
            memory_reserve(&state->budget, &state->differences, &state->differences_capacity, state->n + 1);
    if (status == ATHLETE_OK)
        status = memory_reserve(&state->budget, &state->keys, &state->keys_capacity, state->n + 1);
    if (status != ATHLETE_OK) {
        function_fail_status(context, status, NULL);
        return;
    }
    state->keys[state->n] = value_key(argv[1]);
    state->differences[state->n++] = sqlite3_value_double(argv[0]);
}

static void add_named_number(text_buffer *text, const char *name, double x) {
    text_add_name(text, name);
    text_add_number(text, x);
}

static void add_bootstrap_result(text_buffer *text, const bootstrap_result *result) {
    add_named_number(text, "mean", result->mean);
    add_named_number(text, "p", result->p);
    text_add_name(text, "n");
    text_add_integer(text, (int64_t)result->n);
    text_add_name(text, "blocks");
    text_add_integer(text, (int64_t)result->blocks);
    add_named_number(text, "lower", result->lower);
    add_named_number(text, "upper", result->upper);
    add_named_number(text, "standard_error", result->standard_error);
    text_add(text, "}");
}

static athlete_status bootstrap_answer(sqlite3_context *context, bootstrap_state *state,
                                       athlete_fault *fault) {
    bootstrap_settings settings = {0};
    bootstrap_result result;
    athlete_status status = options_read(block_bootstrap_options, state->options.text, &settings, fault);
    if (status != ATHLETE_OK) return status;
    const bootstrap_options options = {(size_t)settings.resamples, (uint64_t)settings.seed, settings.level,
                                       settings.mean_of == MEAN_OF_ROWS,
                                       settings.method == METHOD_STUDENTIZED};
    athlete_poll poll;
    poll_begin(&poll, sqlite3_context_db_handle(context));
    status =
        block_bootstrap(state->differences, state->keys, state->n, &options, &state->budget, &poll, &result);
    poll_end(&poll);
    if (status != ATHLETE_OK) return status;
    text_buffer text = {.budget = NULL};
    add_bootstrap_result(&text, &result);
    if (text.status == ATHLETE_OK)
        sqlite3_result_text64(context, text.bytes, text.length, sqlite3_free,
                              SQLITE_UTF8); /* memory.h's blocks are SQLite's */
    else memory_free(NULL, text.bytes);
    return text.status;
}

void block_bootstrap_final(sqlite3_context *context) {
    bootstrap_state *state = sqlite3_aggregate_context(context, 0);
    if (!state) return;
    athlete_fault fault = {""};
    athlete_status status = state->n > 0 ? bootstrap_answer(context, state, &fault) : ATHLETE_OK;
    if (status != ATHLETE_OK) function_fail_status(context, status, fault.text);
    memory_free(&state->budget, state->differences);
    memory_free(&state->budget, state->keys);
    constant_text_free(&state->options);
    *state = (bootstrap_state){.n = 0};
}
