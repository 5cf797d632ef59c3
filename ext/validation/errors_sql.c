/* Bindings of mean_absolute_error, root_mean_squared_error, mean_absolute_percentage_error, log_loss, brier_score and
** brier_skill, as aggregates and over windows.
**
** R1  Rows with a NULL are skipped; of no rows the answer is NULL.
** R2  Sums are exact: the order of rows changes nothing, and a row that leaves a frame leaves no trace. */
#include <math.h>
#include "validation/error_sums.h"
#include "validation/validation_callbacks_sql.h"

/* SQLite hands it over zeroed. */
typedef struct errors_state {
    error_sums sums;
    bool has_reference;
} errors_state;

static errors_state *errors_state_for(sqlite3_context *context, int argc, sqlite3_value **argv) {
    errors_state *state = sqlite3_aggregate_context(context, sizeof *state);
    if (!state) sqlite3_result_error_nomem(context);
    for (int i = 0; i < argc && state; i++) {
        if (sqlite3_value_type(argv[i]) == SQLITE_NULL) return NULL;
    }
    if (state && state->sums.n == UINT32_MAX) {
        function_fail(context, "more than %u rows", UINT32_MAX);
        return NULL;
    }
    return state;
}

static void move_number(sqlite3_context *context, int argc, sqlite3_value **argv, error_kind kind, bool out) {
    errors_state *state = errors_state_for(context, argc, argv);
    if (!state) return;
    double error = error_of(kind, sqlite3_value_double(argv[0]), sqlite3_value_double(argv[1]));
    if (isinf(error)) function_fail(context, "an error is too large for a number");
    else error_sums_move(&state->sums, error, 0, false, out);
}

/* p, label and, if it is there, the probability to compare with. */
static void move_label(sqlite3_context *context, int argc, sqlite3_value **argv, error_kind kind, bool out) {
    errors_state *state = errors_state_for(context, argc, argv);
    if (!state) return;
    double p = sqlite3_value_double(argv[0]), label = sqlite3_value_double(argv[1]);
    if (label != 0 && label != 1) {
        function_fail_argument(context, 1, "0 or 1", argv[1]);
        return;
    }
    state->has_reference = argc > 2;
    double reference = argc > 2 ? error_of(kind, label, sqlite3_value_double(argv[2])) : 0;
    error_sums_move(&state->sums, error_of(kind, label, p), reference, label == 1, out);
}

#define ERRORS_OF(name, move, kind)                                                                          \
    void name##_step(sqlite3_context *context, int argc, sqlite3_value **argv) {                             \
        move(context, argc, argv, kind, false);                                                              \
    }                                                                                                        \
    void name##_inverse(sqlite3_context *context, int argc, sqlite3_value **argv) {                          \
        move(context, argc, argv, kind, true);                                                               \
    }

ERRORS_OF(absolute_error, move_number, ERROR_ABSOLUTE)
ERRORS_OF(squared_error, move_number, ERROR_SQUARED)
ERRORS_OF(percentage_error, move_number, ERROR_PERCENTAGE)
ERRORS_OF(log_loss, move_label, ERROR_LOG)
ERRORS_OF(brier, move_label, ERROR_SQUARED)

#undef ERRORS_OF

void error_mean_value(sqlite3_context *context) {
    errors_state *state = sqlite3_aggregate_context(context, 0);
    if (state) function_result_number(context, error_sums_mean(&state->sums));
}

void error_root_value(sqlite3_context *context) {
    errors_state *state = sqlite3_aggregate_context(context, 0);
    if (state) function_result_number(context, error_sums_root(&state->sums));
}

void brier_skill_value(sqlite3_context *context) {
    errors_state *state = sqlite3_aggregate_context(context, 0);
    if (state && state->sums.n > 0)
        function_result_number(context, error_sums_skill(&state->sums, state->has_reference));
}
