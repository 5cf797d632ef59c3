/* ewma, linear_trend, training_monotony, training_strain, quantile and supported_max, as aggregates and over moving frames.
**
** R1  A row with a NULL argument is skipped, in step and in inverse alike.
** R2  Step and inverse only move the frame; the statistic is made when it is asked for.
** R3  A sum goes on from where it was while rows only enter, which is what a plain aggregate or a frame that starts
**     UNBOUNDED PRECEDING does, and starts over after a row has left. Either way the same rows meet the same
**     operations in the same order, so the bits are the same and nothing drifts. The cost of a value is the rows
**     that have entered, or the frame's length after a row has left.
** R4  A parameter (days, q, tolerance) is the same for all rows, or it is an error. */
#include "rolling/rolling_callbacks_sql.h"

#include <math.h>
#include "base/poll.h"
#include "rolling/window_statistics.h"
#include "statistics/supported_max.h"

/* SQLite hands it over zeroed. */
typedef struct window_state {
    athlete_budget budget;
    frame rows;
    size_t summed; /* how many rows, from the oldest on, are in the sums */
    moments sums;
    double smoothed;
    bool has_parameter;
    double parameter; /* days, q or tolerance */
} window_state;

static bool has_null(int argc, sqlite3_value **argv) {
    for (int i = 0; i < argc; i++) {
        if (sqlite3_value_type(argv[i]) == SQLITE_NULL) return true;
    }
    return false;
}

/* Adding 0 turns -0 into 0, so that equal numbers are equal bits. */
static double window_number(sqlite3_value *value) {
    return sqlite3_value_double(value) + 0.0;
}

static void push(sqlite3_context *context, window_state *state, double x, double y) {
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    athlete_status status = frame_push(&state->budget, &state->rows, (frame_row){x, y});
    if (status != ATHLETE_OK) function_fail_status(context, status, "the window frame is too long");
}

static window_state *state_for_step(sqlite3_context *context) {
    window_state *state = sqlite3_aggregate_context(context, sizeof *state);
    if (!state) sqlite3_result_error_nomem(context);
    return state;
}

void window_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    window_state *state = state_for_step(context);
    if (state && !has_null(argc, argv)) push(context, state, window_number(argv[0]), 0);
}

void linear_trend_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    window_state *state = state_for_step(context);
    if (state && !has_null(argc, argv)) push(context, state, window_number(argv[1]), window_number(argv[0]));
}

static void step_with_parameter(sqlite3_context *context, int argc, sqlite3_value **argv) {
    window_state *state = state_for_step(context);
    if (!state || has_null(argc, argv)) return;
    double parameter = window_number(argv[1]);
    if (state->has_parameter && parameter != state->parameter) {
        function_fail(context, "argument 2 (%s) must be the same for all rows",
                      function_of(context)->arguments[1].name);
        return;
    }
    state->has_parameter = true;
    state->parameter = parameter;
    push(context, state, window_number(argv[0]), 0);
}

void ewma_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    step_with_parameter(context, argc, argv);
}

void quantile_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    step_with_parameter(context, argc, argv);
}

void supported_max_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    step_with_parameter(context, argc, argv);
}

void window_inverse(sqlite3_context *context, int argc, sqlite3_value **argv) {
    window_state *state = sqlite3_aggregate_context(context, 0);
    if (!state || has_null(argc, argv)) return;
    frame_pop(&state->rows);
    state->summed = 0;
    state->sums = (moments){0};
    state->smoothed = 0;
}

/* --- values --------------------------------------------------------------------------------------------- */

#define ROWS_PER_POLL 1024

/* Brings the sums up to the frame's newest row. */
static athlete_status sum_rows(window_state *state, athlete_poll *poll) {
    const frame_row *rows = frame_rows(&state->rows);
    while (state->summed < state->rows.count) {
        size_t end = state->rows.count - state->summed < ROWS_PER_POLL ? state->rows.count
                                                                       : state->summed + ROWS_PER_POLL;
        for (; state->summed < end; state->summed++) moments_add(&state->sums, rows[state->summed]);
        if (poll_due(poll, 10 * ROWS_PER_POLL)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

static athlete_status smooth_rows(window_state *state, athlete_poll *poll) {
    const frame_row *rows = frame_rows(&state->rows);
    double alpha = ewma_alpha(state->parameter);
    while (state->summed < state->rows.count) {
        size_t end = state->rows.count - state->summed < ROWS_PER_POLL ? state->rows.count
                                                                       : state->summed + ROWS_PER_POLL;
        for (; state->summed < end; state->summed++) {
            state->smoothed += alpha * (rows[state->summed].x - state->smoothed);
        }
        if (poll_due(poll, 5 * ROWS_PER_POLL)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

typedef athlete_status statistic(window_state *state, athlete_poll *poll, double *out);

static athlete_status ewma_of(window_state *state, athlete_poll *poll, double *out) {
    athlete_status status = smooth_rows(state, poll);
    *out = isnan(state->smoothed) ? HUGE_VAL : state->smoothed;
    return status;
}

static athlete_status slope_of(window_state *state, athlete_poll *poll, double *out) {
    athlete_status status = sum_rows(state, poll);
    *out = moments_slope(&state->sums);
    return status;
}

static athlete_status monotony_of(window_state *state, athlete_poll *poll, double *out) {
    athlete_status status = sum_rows(state, poll);
    *out = moments_monotony(&state->sums);
    return status;
}

static athlete_status strain_of(window_state *state, athlete_poll *poll, double *out) {
    athlete_status status = sum_rows(state, poll);
    *out = moments_strain(&state->sums);
    return status;
}

static athlete_status parameter_quantile_of(window_state *state, athlete_poll *poll, double *out) {
    return quantile_of(&state->budget, poll, frame_rows(&state->rows), state->rows.count, state->parameter,
                       out);
}

static athlete_status parameter_supported_max_of(window_state *state, athlete_poll *poll, double *out) {
    size_t n = state->rows.count;
    const frame_row *rows = frame_rows(&state->rows);
    double *x = memory_alloc(&state->budget, n, sizeof *x);
    if (!x) return memory_status(&state->budget);
    for (size_t i = 0; i < n; i++) x[i] = rows[i].x;
    athlete_status status = supported_max(poll, x, n, state->parameter, out);
    memory_free(&state->budget, x);
    return status;
}

static void result_of(sqlite3_context *context, statistic *of) {
    window_state *state = sqlite3_aggregate_context(context, 0);
    if (!state || state->rows.count == 0) {
        sqlite3_result_null(context);
        return;
    }
    athlete_poll poll;
    poll_begin(&poll, sqlite3_context_db_handle(context));
    double value = NAN;
    athlete_status status = of(state, &poll, &value);
    poll_end(&poll);
    if (status == ATHLETE_OK) function_result_number(context, value);
    else function_fail_status(context, status, "the window frame is too long");
}

static void window_finish(sqlite3_context *context, statistic *of) {
    result_of(context, of);
    window_state *state = sqlite3_aggregate_context(context, 0);
    if (state) frame_free(&state->budget, &state->rows);
}

void ewma_value(sqlite3_context *context) {
    result_of(context, ewma_of);
}
void ewma_final(sqlite3_context *context) {
    window_finish(context, ewma_of);
}
void linear_trend_value(sqlite3_context *context) {
    result_of(context, slope_of);
}
void linear_trend_final(sqlite3_context *context) {
    window_finish(context, slope_of);
}
void monotony_value(sqlite3_context *context) {
    result_of(context, monotony_of);
}
void monotony_final(sqlite3_context *context) {
    window_finish(context, monotony_of);
}
void strain_value(sqlite3_context *context) {
    result_of(context, strain_of);
}
void strain_final(sqlite3_context *context) {
    window_finish(context, strain_of);
}
void quantile_value(sqlite3_context *context) {
    result_of(context, parameter_quantile_of);
}
void quantile_final(sqlite3_context *context) {
    window_finish(context, parameter_quantile_of);
}
void supported_max_value(sqlite3_context *context) {
    result_of(context, parameter_supported_max_of);
}
void supported_max_final(sqlite3_context *context) {
    window_finish(context, parameter_supported_max_of);
}
