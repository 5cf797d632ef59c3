#include "drift/drift_state_sql.h"

#include <math.h>

void drift_state_step(sqlite3_context *context, sqlite3_value **argv, double first, double second) {
    drift_state *state = sqlite3_aggregate_context(context, sizeof *state);
    if (!state) sqlite3_result_error_nomem(context);
    if (!state || sqlite3_value_type(argv[1]) == SQLITE_NULL) return;
    double given[2] = {first, second};
    for (int i = 0; i < 2 && state->has_parameters; i++) {
        if (given[i] == state->parameters[i]) continue;
        function_fail(context, "argument %d (%s) must be the same for all rows", 3 + i,
                      function_of(context)->arguments[2 + i].name);
        return;
    }
    state->has_parameters = true;
    state->parameters[0] = first;
    state->parameters[1] = second;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    drift_side side = sqlite3_value_double(argv[1]) != 0 ? DRIFT_REFERENCE : DRIFT_CURRENT;
    athlete_status status = drift_rows_add(&state->budget, &state->rows, side, argv[0]);
    if (status != ATHLETE_OK) function_fail_status(context, status, "too many rows");
}

void drift_state_final(sqlite3_context *context, drift_statistic *of) {
    drift_state *state = sqlite3_aggregate_context(context, 0);
    if (!state) return;
    athlete_poll poll;
    poll_begin(&poll, sqlite3_context_db_handle(context));
    double answer = NAN;
    athlete_status status = drift_rows_sort(&state->budget, &poll, &state->rows);
    if (status == ATHLETE_OK) status = of(state, &poll, &answer);
    poll_end(&poll);
    if (status == ATHLETE_OK) function_result_number(context, answer);
    else function_fail_status(context, status, "too many rows");
    drift_rows_free(&state->budget, &state->rows);
}
