/* proven_max: what runs and races prove together, as an aggregate.
**
** R1  A row with a NULL argument is skipped.
** R2  tolerance, gain and best_gain are the same for all rows, or it is an error.
** R3  The order of the rows does not matter. */
#include "rolling/rolling_callbacks_sql.h"

#include <math.h>
#include "base/poll.h"
#include "rolling/proven_max.h"

/* SQLite hands it over zeroed. */
typedef struct proven_state {
    athlete_budget budget;
    frame rows;
    bool has_rule;
    proven_rule rule;
} proven_state;

static bool is_same_rule(const proven_rule *a, const proven_rule *b) {
    return a->tolerance == b->tolerance && a->gain == b->gain && a->best_gain == b->best_gain;
}

void proven_max_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    proven_state *state = sqlite3_aggregate_context(context, sizeof *state);
    if (!state) {
        sqlite3_result_error_nomem(context);
        return;
    }
    for (int i = 0; i < argc; i++) {
        if (sqlite3_value_type(argv[i]) == SQLITE_NULL) return;
    }
    proven_rule rule = {sqlite3_value_double(argv[2]), sqlite3_value_double(argv[3]),
                        sqlite3_value_double(argv[4])};
    if (state->has_rule && !is_same_rule(&rule, &state->rule)) {
        function_fail(context, "arguments 3 to 5 (tolerance, gain, best_gain) must be the same for all rows");
        return;
    }
    state->has_rule = true;
    state->rule = rule;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    frame_row row = {sqlite3_value_double(argv[0]) + 0.0, sqlite3_value_double(argv[1])}; /* -0 is 0 */
    athlete_status status = frame_push(&state->budget, &state->rows, row);
    if (status != ATHLETE_OK) function_fail_status(context, status, "too many rows");
}

void proven_max_final(sqlite3_context *context) {
    proven_state *state = sqlite3_aggregate_context(context, 0);
    if (!state) {
        sqlite3_result_null(context);
        return;
    }
    double value = NAN;
    athlete_status status = ATHLETE_OK;
    if (state->rows.count) {
        athlete_poll poll;
        poll_begin(&poll, sqlite3_context_db_handle(context));
        status = proven_max(&state->budget, &poll, frame_rows(&state->rows), state->rows.count, &state->rule,
                            &value);
        poll_end(&poll);
    }
    if (status == ATHLETE_OK) function_result_number(context, value);
    else function_fail_status(context, status, "too many rows");
    frame_free(&state->budget, &state->rows);
}
