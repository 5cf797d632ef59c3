/* exact_sum and exact_avg: what SUM and AVG answer, the same under every SQLite and in every order of the rows. SQLite adds
** plainly before 3.43 and with Kahan's compensation since, so that its sums differ in their last bits.
**
** R1  NULLs are skipped; without other rows the answer is NULL.
** R2  The sum of integers is an INTEGER, or a REAL where it does not fit; that of anything else a REAL.
** R3  An infinity makes the sum one; one of each sign makes it NULL, as in SQLite.
** R4  Taking a row out of a frame leaves no trace of it. */
#include "base/functions/base_callbacks_sql.h"

#include <math.h>
#include "base/binding/function.h"
#include "base/numbers/exact_sum.h"

/* SQLite hands it over zeroed. */
typedef struct exact_state {
    exact_sum sum;
    uint32_t n_rows; /* with a value */
    uint32_t n_reals;
    uint32_t n_above, n_below; /* infinities */
} exact_state;

static void move(sqlite3_context *context, sqlite3_value *value, bool out) {
    exact_state *state = sqlite3_aggregate_context(context, sizeof *state);
    if (!state) sqlite3_result_error_nomem(context);
    if (!state || sqlite3_value_type(value) == SQLITE_NULL) return;
    int type = sqlite3_value_numeric_type(value);
    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) {
        function_fail_argument(context, 0, "a number", value);
        return;
    }
    if (!out && state->n_rows == UINT32_MAX) {
        function_fail(context, "more than %u rows", UINT32_MAX);
        return;
    }
    uint32_t one = out ? UINT32_MAX : 1; /* modulo 2^32 */
    state->n_rows += one;
    if (type == SQLITE_INTEGER) {
        exact_sum_add_integer(&state->sum, sqlite3_value_int64(value), out);
        return;
    }
    double x = sqlite3_value_double(value);
    state->n_reals += one;
    if (x == HUGE_VAL) state->n_above += one;
    else if (x == -HUGE_VAL) state->n_below += one;
    else exact_sum_add(&state->sum, out ? -x : x);
}

void exact_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    move(context, argv[0], false);
}

void exact_inverse(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    move(context, argv[0], true);
}

/* True when infinities or the lack of rows have settled the answer. */
static bool is_answered(sqlite3_context *context, const exact_state *state) {
    if (!state || state->n_rows == 0 || (state->n_above && state->n_below)) return true;
    if (!state->n_above && !state->n_below) return false;
    sqlite3_result_double(context, state->n_above ? HUGE_VAL : -HUGE_VAL);
    return true;
}

void exact_total_value(sqlite3_context *context) {
    exact_state *state = sqlite3_aggregate_context(context, 0);
    int64_t whole;
    if (is_answered(context, state)) return;
    if (state->n_reals == 0 && exact_sum_integer(&state->sum, &whole)) sqlite3_result_int64(context, whole);
    else sqlite3_result_double(context, exact_sum_value(&state->sum));
}

void exact_mean_value(sqlite3_context *context) {
    exact_state *state = sqlite3_aggregate_context(context, 0);
    if (!is_answered(context, state))
        sqlite3_result_double(context, exact_sum_mean(&state->sum, state->n_rows));
}
