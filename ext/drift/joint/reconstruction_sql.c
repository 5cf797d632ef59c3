/* reconstruction_test(reference_query, current_query[, explained[, values]]): one row, which says what it rests on, and why it is NULL. */
#include <math.h>
#include "base/binding/query.h"
#include "base/own_statement.h"
#include "drift/drift_callbacks_sql.h"
#include "drift/drift_rows_sql.h"
#include "drift/joint/reconstruction.h"

typedef struct joint_side {
    sqlite3_stmt *query;
    double *x;
    size_t capacity, n;
} joint_side;

typedef struct reconstruction_state {
    athlete_budget budget;
    athlete_poll poll;
    joint_side sides[2]; /* by side */
    double explained;
    size_t width;
    const char *reason;
    reconstruction found;
    bool is_told;
} reconstruction_state;

static athlete_status joint_read_row(athlete_call *call, reconstruction_state *state, drift_side which,
                                     sqlite3_stmt *query) {
    joint_side *side = &state->sides[which];
    athlete_status status =
        side->n < (size_t)1 << 31
            ? memory_reserve(&state->budget, &side->x, &side->capacity, (side->n + 1) * state->width)
            : ATHLETE_OVER_LIMIT;
    if (status == ATHLETE_NOMEM) status = memory_status(&state->budget);
    for (size_t j = 0; j < state->width && status == ATHLETE_OK; j++) {
        sqlite3_value *value = sqlite3_column_value(query, (int)j);
        double *x = &side->x[side->n * state->width + j];
        *x = NAN;
        if (sqlite3_value_type(value) != SQLITE_NULL)
            status = drift_number(call, value, (sqlite3_int64)side->n + 1, which, x);
    }
    side->n += status == ATHLETE_OK;
    return status;
}

static athlete_status joint_read_side(athlete_call *call, reconstruction_state *state, drift_side which) {
    sqlite3_stmt *query = state->sides[which].query;
    int code = SQLITE_DONE, n = sqlite3_column_count(query);
    athlete_status status = ATHLETE_OK;
    if (which == DRIFT_REFERENCE && n > RECONSTRUCTION_WIDTH)
        status = fault_refuse(&call->fault, "the queries must have at most %d columns, got %d",
                              RECONSTRUCTION_WIDTH, n);
    else if (which == DRIFT_REFERENCE) state->width = (size_t)n;
    else if ((size_t)n != state->width) status = drift_refuse_columns(call, (int)state->width, n);
    while (status == ATHLETE_OK && (code = sqlite3_step(query)) == SQLITE_ROW)
        status = joint_read_row(call, state, which, query);
    if (status == ATHLETE_OK && code != SQLITE_DONE)
        status = status_of_code(call->db, code, "the query failed: ", &call->fault);
    sqlite3_reset(query);
    return status;
}

static bool joint_has_number(const joint_side *side, size_t width, size_t j) {
    for (size_t i = 0; i < side->n; i++) {
        if (!isnan(side->x[i * width + j])) return true;
    }
    return false;
}

/* Leaves out the columns of which the reference has no number. */
static void drop_empty_columns(reconstruction_state *state) {
    size_t width = state->width, kept = 0;
    for (size_t j = 0; j < width; j++) {
        if (!joint_has_number(&state->sides[DRIFT_REFERENCE], width, j)) continue;
        for (int which = 0; which < 2; which++) {
            joint_side *side = &state->sides[which];
            for (size_t i = 0; i < side->n; i++) side->x[i * width + kept] = side->x[i * width + j];
        }
        kept++;
    }
    state->width = kept;
    for (int which = 0; which < 2; which++) {
        joint_side *side = &state->sides[which];
        for (size_t i = 0; i < side->n; i++) {
            for (size_t j = 0; j < kept; j++) side->x[i * kept + j] = side->x[i * width + j];
        }
    }
}

static athlete_status reconstruction_run(athlete_call *call, reconstruction_state *state) {
    athlete_status status = joint_read_side(call, state, DRIFT_REFERENCE);
    if (status == ATHLETE_OK) status = joint_read_side(call, state, DRIFT_CURRENT);
    if (status != ATHLETE_OK) return status;
    const joint_side *reference = &state->sides[DRIFT_REFERENCE], *current = &state->sides[DRIFT_CURRENT];
    state->reason = drift_rows_reason((sqlite3_int64[]){
        [DRIFT_CURRENT] = (sqlite3_int64)current->n, [DRIFT_REFERENCE] = (sqlite3_int64)reference->n});
    if (state->reason) return ATHLETE_OK;
    drop_empty_columns(state);
    state->found.reason = RECONSTRUCTION_STILL;
    if (state->width == 0) return ATHLETE_OK;
    return reconstruction_compare(&state->budget, &state->poll, (joint_rows){reference->x, reference->n},
                                  (joint_rows){current->x, current->n}, state->width, state->explained,
                                  &state->found);
}

static double share_explained(int argc, sqlite3_value **argv) {
    return argc > 2 && sqlite3_value_type(argv[2]) != SQLITE_NULL ? sqlite3_value_double(argv[2]) : 0.65;
}

static athlete_status reconstruction_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    reconstruction_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    state->explained = share_explained(argc, argv);
    poll_begin(&state->poll, call->db);
    athlete_status status = ATHLETE_OK;
    for (int i = 0; i < 2 && status == ATHLETE_OK; i++) {
        drift_side which = i == 0 ? DRIFT_REFERENCE : DRIFT_CURRENT;
        status =
            query_open_values(call->db, (const char *)sqlite3_value_text(argv[i]), 1, "value[, value, …]",
                              argc > 3 ? argc - 3 : 0, argv + 3, &state->sides[which].query, &call->fault);
    }
    return status;
}

static bool reconstruction_again(void *opaque, int argc, sqlite3_value **argv) {
    reconstruction_state *state = opaque;
    for (int i = 0; i < 2; i++) {
        joint_side *side = &state->sides[i == 0 ? DRIFT_REFERENCE : DRIFT_CURRENT];
        if (!query_again(state->poll.db, (const char *)sqlite3_value_text(argv[i]), argc > 3 ? argc - 3 : 0,
                         argv + 3, &side->query))
            return false;
        side->n = 0;
    }
    state->explained = share_explained(argc, argv);
    state->reason = NULL;
    state->found = (reconstruction){0};
    state->is_told = false;
    return true;
}

static int reconstruction_next(athlete_call *call, void *opaque) {
    reconstruction_state *state = opaque;
    if (state->is_told) return SQLITE_DONE;
    athlete_status status = reconstruction_run(call, state);
    if (status != ATHLETE_OK) return call_fail_status(call, status);
    state->is_told = true;
    return SQLITE_ROW;
}

/* Why there is no verdict, or NULL. */
static const char *joint_reason(const reconstruction_state *state) {
    static const char *const reasons[] = {[RECONSTRUCTION_STILL] = "no column of the reference varies",
                                          [RECONSTRUCTION_SHORT] =
                                              "the reference has fewer than three times the current rows",
                                          [RECONSTRUCTION_WHOLE] = "the components tell all of every row"};
    return state->reason ? state->reason : reasons[state->found.reason];
}

static void reconstruction_column(void *opaque, sqlite3_context *context, int column) {
    const reconstruction_state *state = opaque;
    const reconstruction *found = &state->found;
    const char *reason = joint_reason(state);
    double limit = RECONSTRUCTION_LIMIT * found->own;
    bool has_errors = !state->reason && found->reason != RECONSTRUCTION_STILL;
    if (column < 4 && !has_errors) return;
    switch (column) {
    case 0: sqlite3_result_double(context, found->error); break;
    case 1: sqlite3_result_double(context, found->sampling_error); break;
    case 2: sqlite3_result_double(context, found->reference_error); break;
    case 3: sqlite3_result_int64(context, (sqlite3_int64)found->n_components); break;
    case 4:
        if (!reason) sqlite3_result_double(context, found->shift);
        break;
    case 5:
        if (!reason) sqlite3_result_double(context, limit);
        break;
    case 6:
        if (!reason) sqlite3_result_int(context, fabs(found->shift) > limit);
        break;
    case 7: sqlite3_result_int64(context, (sqlite3_int64)state->sides[DRIFT_REFERENCE].n); break;
    case 8: sqlite3_result_int64(context, (sqlite3_int64)state->sides[DRIFT_CURRENT].n); break;
    case 9:
        if (reason) sqlite3_result_text(context, reason, -1, SQLITE_STATIC);
        break;
    }
}

static void reconstruction_close(void *opaque) {
    reconstruction_state *state = opaque;
    for (int which = 0; which < 2; which++) {
        memory_free(&state->budget, state->sides[which].x);
        own_finalize(state->poll.db, &state->sides[which].query);
    }
    poll_end(&state->poll);
    memory_free(NULL, state);
}

const athlete_table reconstruction_test_table = {
    .columns =
        "reconstruction_error REAL, sampling_error REAL, reference_error REAL, n_components INTEGER, "
        "shift REAL, own_limit REAL, is_drift INTEGER, n_reference INTEGER, n_current INTEGER, reason TEXT",
    .expected_rows = 1,
    .open = reconstruction_open,
    .next = reconstruction_next,
    .column = reconstruction_column,
    .close = reconstruction_close,
    .again = reconstruction_again,
};
