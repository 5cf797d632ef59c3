/* Bindings of roc_auc, expected_calibration_error and calibration_fit, all of which need the rows in the order of their scores.
**
** R1  Rows with a NULL are skipped; of no rows the answer is NULL.
** R2  The order of rows changes nothing. */
#include <math.h>
#include <string.h>
#include "base/binding/constant_text.h"
#include "validation/calibration.h"
#include "validation/validation_callbacks_sql.h"

/* SQLite hands it over zeroed. */
typedef struct labelled_state {
    athlete_budget budget;
    labelled_scores all;
    constant_text method;
    sqlite3_int64 bins; /* 0: not known */
} labelled_state;

static labelled_state *labelled_state_for(sqlite3_context *context) {
    labelled_state *state = sqlite3_aggregate_context(context, sizeof *state);
    if (!state) sqlite3_result_error_nomem(context);
    else state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    return state;
}

/* The arguments i (a score) and i + 1 (its label). */
static void labelled_take(sqlite3_context *context, labelled_state *state, int i, sqlite3_value **argv) {
    if (sqlite3_value_type(argv[i]) == SQLITE_NULL || sqlite3_value_type(argv[i + 1]) == SQLITE_NULL) return;
    double label = sqlite3_value_double(argv[i + 1]);
    if (label != 0 && label != 1) {
        function_fail_argument(context, i + 1, "0 or 1", argv[i + 1]);
        return;
    }
    athlete_status status =
        labelled_add(&state->all, sqlite3_value_double(argv[i]), label == 1, &state->budget);
    if (status != ATHLETE_OK) function_fail_status(context, status, NULL);
}

/* Takes a text that is the same for all rows: argument i, if it is there. */
static bool take_method(sqlite3_context *context, labelled_state *state, int i, int argc,
                        sqlite3_value **argv) {
    athlete_status status = constant_text_take(&state->method, argc > i ? argv[i] : NULL);
    if (status == ATHLETE_INVALID)
        function_fail(context, "argument %d (%s) must be the same for all rows", i + 1,
                      function_of(context)->arguments[i].name);
    else if (status != ATHLETE_OK) function_fail_status(context, status, NULL);
    return status == ATHLETE_OK;
}

typedef athlete_status labelled_answer(sqlite3_context *context, labelled_state *state, athlete_poll *poll,
                                       athlete_fault *fault);

static void labelled_final(sqlite3_context *context, labelled_answer *answer) {
    labelled_state *state = sqlite3_aggregate_context(context, 0);
    if (!state) return;
    if (state->all.n[0] + state->all.n[1] > 0) {
        athlete_fault fault = {""};
        athlete_poll poll;
        poll_begin(&poll, sqlite3_context_db_handle(context));
        athlete_status status = labelled_sort(&state->all, &state->budget, &poll);
        if (status == ATHLETE_OK) status = answer(context, state, &poll, &fault);
        poll_end(&poll);
        if (status != ATHLETE_OK) function_fail_status(context, status, fault.text);
    }
    labelled_free(&state->all, &state->budget);
    constant_text_free(&state->method);
}

/* --- roc_auc -------------------------------------------------------------------------------------------- */

void roc_auc_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    labelled_state *state = labelled_state_for(context);
    if (state) labelled_take(context, state, 0, argv);
}

static athlete_status roc_answer(sqlite3_context *context, labelled_state *state, athlete_poll *poll,
                                 athlete_fault *fault) {
    (void)poll, (void)fault;
    function_result_number(context, roc_area(&state->all));
    return ATHLETE_OK;
}

void roc_auc_final(sqlite3_context *context) {
    labelled_final(context, roc_answer);
}

/* --- expected_calibration_error ------------------------------------------------------------------------- */

#define DEFAULT_BINS 10

void calibration_error_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    labelled_state *state = labelled_state_for(context);
    if (!state) return;
    bool given = argc > 2 && sqlite3_value_type(argv[2]) != SQLITE_NULL;
    sqlite3_int64 bins = given ? sqlite3_value_int64(argv[2]) : DEFAULT_BINS;
    if (!take_method(context, state, 3, argc, argv)) return;
    if (state->bins != 0 && bins != state->bins) {
        function_fail(context, "argument 3 (bins) must be the same for all rows");
        return;
    }
    state->bins = bins;
    labelled_take(context, state, 0, argv);
}

static athlete_status calibration_error_answer(sqlite3_context *context, labelled_state *state,
                                               athlete_poll *poll, athlete_fault *fault) {
    const char *strategy = state->method.text ? state->method.text : "uniform";
    bool equal_counts = strcmp(strategy, "quantile") == 0;
    if (!equal_counts && strcmp(strategy, "uniform") != 0)
        return fault_refuse(fault, "argument 4 (strategy) must be 'uniform' or 'quantile', got '%.40s'",
                            strategy);
    double error;
    athlete_status status =
        calibration_error(&state->all, (size_t)state->bins, equal_counts, &state->budget, poll, &error);
    if (status == ATHLETE_OK) function_result_number(context, error);
    return status;
}

void calibration_error_final(sqlite3_context *context) {
    labelled_final(context, calibration_error_answer);
}

/* --- calibration_fit ------------------------------------------------------------------------------------ */

void calibration_fit_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    labelled_state *state = labelled_state_for(context);
    if (state && take_method(context, state, 0, argc, argv)) labelled_take(context, state, 1, argv);
}

static athlete_status find_method(const labelled_state *state, calibration_method *method,
                                  athlete_fault *fault) {
    static const char *const methods[] = CALIBRATION_METHODS;
    const labelled_scores *all = &state->all;
    const char *text = state->method.text ? state->method.text : "NULL";
    int i = 0;
    while (methods[i] && strcmp(methods[i], text) != 0) i++;
    if (!methods[i])
        return fault_refuse(fault, "argument 1 (method) must be 'isotonic', 'platt' or 'logit', got '%.40s'",
                            text);
    *method = (calibration_method)i;
    if (all->n[0] == 0 || all->n[1] == 0)
        return fault_refuse(fault, "there are no rows with label %d", all->n[0] == 0 ? 0 : 1);
    for (int label = 0; label < 2 && *method == CALIBRATION_LOGIT; label++) {
        if (all->scores[label][0] <= 0 || all->scores[label][all->n[label] - 1] >= 1)
            return fault_refuse(
                fault, "log odds are of probabilities above 0 and below 1, there is a score of %.17g",
                all->scores[label][0] <= 0 ? all->scores[label][0] : all->scores[label][all->n[label] - 1]);
    }
    return ATHLETE_OK;
}

static athlete_status calibration_answer(sqlite3_context *context, labelled_state *state, athlete_poll *poll,
                                         athlete_fault *fault) {
    calibration fitted = {.n_knots = 0};
    calibration_method method = CALIBRATION_ISOTONIC;
    text_buffer text = {.budget = NULL};
    athlete_status status = find_method(state, &method, fault);
    if (status == ATHLETE_OK) status = calibration_fit(&state->all, method, &state->budget, poll, &fitted);
    if (status == ATHLETE_OK) {
        calibration_write(&fitted, &text);
        status = text.status;
    }
    calibration_free(&fitted, &state->budget);
    if (status == ATHLETE_OK)
        sqlite3_result_text64(context, text.bytes, text.length, sqlite3_free,
                              SQLITE_UTF8); /* memory.h's blocks are SQLite's */
    else memory_free(NULL, text.bytes);
    return status;
}

void calibration_fit_final(sqlite3_context *context) {
    labelled_final(context, calibration_answer);
}
