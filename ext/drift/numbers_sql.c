/* ks_statistic, ks_pvalue and wasserstein: two samples of numbers by their distribution functions.
**
** R1  A row without a value, or without an is_reference, is skipped.
** R2  Where a sample has no numbers the answer is NULL. */
#include <string.h>
#include "drift/drift_callbacks_sql.h"
#include "drift/drift_state_sql.h"

static const char *const method_names[] = {
    [KS_AUTO] = "auto", [KS_EXACT] = "exact", [KS_ASYMPTOTIC] = "asymp"};

/* Text that is a number is one, as the declared type allows. */
static void numbers_step(sqlite3_context *context, sqlite3_value **argv, double parameter) {
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL) return;
    sqlite3_value_numeric_type(argv[0]);
    drift_state_step(context, argv, parameter, 0);
}

void ks_statistic_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    numbers_step(context, argv, 0);
}

void ks_pvalue_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    int method = KS_AUTO;
    if (argc > 2 && sqlite3_value_type(argv[2]) != SQLITE_NULL) {
        const char *name = (const char *)sqlite3_value_text(argv[2]);
        while (name && method <= KS_ASYMPTOTIC && strcmp(name, method_names[method]) != 0) method++;
    }
    if (method > KS_ASYMPTOTIC) {
        function_fail_argument(context, 2, "'auto', 'exact' or 'asymp'", argv[2]);
        return;
    }
    numbers_step(context, argv, method);
}

static bool has_both(const drift_state *state) {
    return state->rows.n_numbers[DRIFT_CURRENT] > 0 && state->rows.n_numbers[DRIFT_REFERENCE] > 0;
}

static athlete_status statistic_of(drift_state *state, athlete_poll *poll, double *out) {
    if (!has_both(state)) return ATHLETE_OK;
    return ks_distance(poll, drift_rows_numbers(&state->rows, DRIFT_REFERENCE),
                       drift_rows_numbers(&state->rows, DRIFT_CURRENT), out);
}

static athlete_status pvalue_of(drift_state *state, athlete_poll *poll, double *out) {
    if (!has_both(state)) return ATHLETE_OK;
    ks_result result;
    athlete_status status =
        ks_compare(&state->budget, poll, drift_rows_numbers(&state->rows, DRIFT_REFERENCE),
                   drift_rows_numbers(&state->rows, DRIFT_CURRENT), (ks_method)state->parameters[0], &result);
    if (status == ATHLETE_OK) *out = result.p;
    return status;
}

static athlete_status wasserstein_of(drift_state *state, athlete_poll *poll, double *out) {
    if (!has_both(state)) return ATHLETE_OK;
    return wasserstein_distance(poll, drift_rows_numbers(&state->rows, DRIFT_REFERENCE),
                                drift_rows_numbers(&state->rows, DRIFT_CURRENT), out);
}

void ks_statistic_final(sqlite3_context *context) {
    drift_state_final(context, statistic_of);
}
void ks_pvalue_final(sqlite3_context *context) {
    drift_state_final(context, pvalue_of);
}
void wasserstein_final(sqlite3_context *context) {
    drift_state_final(context, wasserstein_of);
}
