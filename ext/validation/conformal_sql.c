/* Binding of conformal_quantile. */
#include <math.h>
#include "base/memory.h"
#include "validation/conformal.h"
#include "validation/validation_callbacks_sql.h"

/* SQLite hands it over zeroed. */
typedef struct conformal_state {
    athlete_budget budget;
    double *scores;
    size_t n, capacity;
    double q;
} conformal_state;

void conformal_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    conformal_state *state = sqlite3_aggregate_context(context, sizeof *state);
    if (!state) sqlite3_result_error_nomem(context);
    if (!state || sqlite3_value_type(argv[0]) == SQLITE_NULL || sqlite3_value_type(argv[1]) == SQLITE_NULL)
        return;
    double q = sqlite3_value_double(argv[1]);
    if (state->n > 0 && q != state->q) {
        function_fail(context, "argument 2 (q) must be the same for all rows");
        return;
    }
    state->q = q;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    athlete_status status = memory_reserve(&state->budget, &state->scores, &state->capacity, state->n + 1);
    if (status == ATHLETE_OK) state->scores[state->n++] = sqlite3_value_double(argv[0]) + 0.0; /* no -0 */
    else function_fail_status(context, status, "too many rows");
}

void conformal_final(sqlite3_context *context) {
    conformal_state *state = sqlite3_aggregate_context(context, 0);
    if (!state) return;
    if (state->n > 0) {
        athlete_poll poll;
        poll_begin(&poll, sqlite3_context_db_handle(context));
        double found = NAN;
        athlete_status status = conformal_quantile(&poll, state->scores, state->n, state->q, &found);
        poll_end(&poll);
        if (status == ATHLETE_OK) function_result_number(context, found);
        else function_fail_status(context, status, "too many rows");
    }
    memory_free(&state->budget, state->scores);
    state->scores = NULL;
}
