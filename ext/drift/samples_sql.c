/* drift_samples(query, references[, values]): what drift and mean_shift_test say of one current sample against several references,
** in one pass over the rows and one row of answers for each reference and column.
**
** R1  The first column says whose a row is, as the sum of 1 (the current sample), 2 (reference 1), 4 (reference 2) ...
** R2  The rate of false discoveries is that over the columns of a reference, by the p-value of ks_test, or of chi2_test where
**     there are no numbers. */
#include <math.h>
#include <string.h>
#include "base/binding/query.h"
#include "base/own_statement.h"
#include "drift/drift_callbacks_sql.h"
#include "drift/drift_metrics_sql.h"
#include "drift/own_windows.h"
#include "statistics/false_discovery.h"

/* One column against one reference. */
typedef struct sample_pair {
    drift_rows rows;
    drift_metric metrics[DRIFT_METRICS];
    own_windows moved;
    const char *reason; /* why there is no verdict, or NULL */
    double adjusted;
} sample_pair;

typedef struct samples_state {
    athlete_budget budget;
    athlete_poll poll;
    sqlite3_stmt *query;
    char **names;
    int n_names;
    int n_columns, n_references;
    bool is_read;
    int64_t n_current, *n_reference; /* rows, by reference */
    sample_pair *pairs;              /* by reference, then by column */
    int pair;                        /* that is answered; from -1 */
} samples_state;

static sample_pair *samples_pair(samples_state *state, int reference, int column) {
    return &state->pairs[reference * state->n_columns + column];
}

/* --- reading -------------------------------------------------------------------------------------------- */

static athlete_status samples_name_columns(samples_state *state) {
    size_t n = (size_t)(state->n_columns = sqlite3_column_count(state->query) - 1);
    size_t k = (size_t)state->n_references;
    state->names = memory_zeroed(NULL, n, sizeof *state->names);
    state->pairs = memory_zeroed(NULL, n * k, sizeof *state->pairs);
    state->n_reference = memory_zeroed(NULL, k, sizeof *state->n_reference);
    if (!state->names || !state->pairs || !state->n_reference) return ATHLETE_NOMEM;
    for (; state->n_names < state->n_columns; state->n_names++) {
        state->names[state->n_names] =
            sqlite3_mprintf("%s", sqlite3_column_name(state->query, state->n_names + 1));
        if (!state->names[state->n_names]) return ATHLETE_NOMEM;
    }
    return ATHLETE_OK;
}

static athlete_status samples_refuse(athlete_call *call, const samples_state *state, int64_t row,
                                     sqlite3_value *value) {
    sqlite3_str *sentence = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sentence,
                        "row %lld of the query: its first column must be a whole number from 0 to %d, got ",
                        row, (2 << state->n_references) - 1);
    value_describe(sentence, value);
    return fault_refuse_str(&call->fault, sentence);
}

/* A value of all samples that its row is in. */
static athlete_status samples_add(samples_state *state, sqlite3_int64 samples, int column,
                                  sqlite3_value *value) {
    athlete_status status = ATHLETE_OK;
    for (int k = 0; k < state->n_references && status == ATHLETE_OK; k++) {
        drift_rows *rows = &samples_pair(state, k, column)->rows;
        if (samples & 1) status = drift_rows_add(&state->budget, rows, DRIFT_CURRENT, value);
        if (status == ATHLETE_OK && samples & 2 << k)
            status = drift_rows_add(&state->budget, rows, DRIFT_REFERENCE, value);
    }
    return status;
}

static athlete_status samples_take_row(athlete_call *call, samples_state *state, int64_t row) {
    sqlite3_value *first = sqlite3_column_value(state->query, 0);
    sqlite3_int64 samples = sqlite3_value_int64(first);
    if (sqlite3_value_type(first) != SQLITE_INTEGER || samples < 0 || samples >= 2 << state->n_references)
        return samples_refuse(call, state, row, first);
    athlete_status status = ATHLETE_OK;
    state->n_current += samples & 1;
    for (int k = 0; k < state->n_references; k++) state->n_reference[k] += samples >> (k + 1) & 1;
    for (int i = 0; i < state->n_columns && samples && status == ATHLETE_OK; i++)
        status = samples_add(state, samples, i, sqlite3_column_value(state->query, i + 1));
    return status;
}

static athlete_status samples_read(athlete_call *call, samples_state *state) {
    int code = SQLITE_DONE;
    athlete_status status = ATHLETE_OK;
    for (int64_t row = 1; status == ATHLETE_OK && (code = sqlite3_step(state->query)) == SQLITE_ROW; row++)
        status = samples_take_row(call, state, row);
    if (status == ATHLETE_OK && code != SQLITE_DONE)
        status = status_of_code(call->db, code, "the query failed: ", &call->fault);
    sqlite3_reset(state->query);
    return status;
}

/* --- comparing ------------------------------------------------------------------------------------------ */

static bool all_finite(sample s) {
    for (size_t i = 0; i < s.n; i++)
        if (isinf(s.values[i])) return false;
    return true;
}

/* Why the numbers of a pair cannot be judged, or NULL. */
static const char *shift_is_untold(const sample_pair *pair, sample reference, sample current) {
    sqlite3_int64 n[2] = {
        [DRIFT_REFERENCE] = (sqlite3_int64)reference.n, [DRIFT_CURRENT] = (sqlite3_int64)current.n};
    if (pair->rows.texts.counts.n + pair->rows.blobs.counts.n > 0) return "not all values are numbers";
    const char *reason = drift_rows_reason(n);
    if (reason) return reason;
    return all_finite(reference) && all_finite(current) ? NULL : "a value is infinite";
}

/* The rows come in the order of time, and are sorted afterwards. */
static athlete_status judge_shift(samples_state *state, sample_pair *pair) {
    sample reference = drift_rows_numbers(&pair->rows, DRIFT_REFERENCE);
    sample current = drift_rows_numbers(&pair->rows, DRIFT_CURRENT);
    pair->reason = shift_is_untold(pair, reference, current);
    if (pair->reason) return drift_rows_sort(&state->budget, &state->poll, &pair->rows);
    double *told = memory_alloc(&state->budget, reference.n + current.n, sizeof *told);
    if (!told) return memory_status(&state->budget);
    memcpy(told, reference.values, reference.n * sizeof *told);
    memcpy(told + reference.n, current.values, current.n * sizeof *told);
    athlete_status status = drift_rows_sort(&state->budget, &state->poll, &pair->rows);
    if (status == ATHLETE_OK)
        status = own_windows_compare(&state->budget, &state->poll, (sample){told, reference.n}, reference,
                                     (sample){told + reference.n, current.n}, &pair->moved);
    pair->reason = own_windows_sentence(pair->moved.reason);
    memory_free(&state->budget, told);
    return status;
}

static athlete_status compare_pair(samples_state *state, sample_pair *pair, int reference) {
    int64_t n[2] = {[DRIFT_REFERENCE] = state->n_reference[reference], [DRIFT_CURRENT] = state->n_current};
    athlete_status status = judge_shift(state, pair);
    if (status == ATHLETE_OK)
        status = drift_measure(&state->budget, &state->poll, &pair->rows, n, pair->metrics);
    double p = pair->metrics[DRIFT_KS].p;
    pair->adjusted = isnan(p) ? pair->metrics[DRIFT_CHI2].p : p;
    return status;
}

static athlete_status compare_reference(samples_state *state, int reference) {
    size_t n = (size_t)state->n_columns;
    athlete_status status = ATHLETE_OK;
    double *p = memory_alloc(&state->budget, n, sizeof *p);
    if (!p) return memory_status(&state->budget);
    for (int i = 0; i < state->n_columns && status == ATHLETE_OK; i++) {
        status = compare_pair(state, samples_pair(state, reference, i), reference);
        p[i] = samples_pair(state, reference, i)->adjusted;
    }
    if (status == ATHLETE_OK) status = false_discovery_rates(&state->budget, &state->poll, p, n);
    for (int i = 0; i < state->n_columns; i++) samples_pair(state, reference, i)->adjusted = p[i];
    memory_free(&state->budget, p);
    return status;
}

static athlete_status samples_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    samples_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    state->pair = -1;
    state->n_references = sqlite3_value_int(argv[1]);
    poll_begin(&state->poll, call->db);
    athlete_status status =
        query_open_values(call->db, (const char *)sqlite3_value_text(argv[0]), 2,
                          "samples, value[, value, …]", argc - 2, argv + 2, &state->query, &call->fault);
    return status == ATHLETE_OK ? samples_name_columns(state) : status;
}

/* --- answering ------------------------------------------------------------------------------------------ */

static bool samples_again(void *opaque, int argc, sqlite3_value **argv) {
    samples_state *state = opaque;
    if (sqlite3_value_int(argv[1]) != state->n_references ||
        !query_again(state->poll.db, (const char *)sqlite3_value_text(argv[0]), argc - 2, argv + 2,
                     &state->query) ||
        sqlite3_column_count(state->query) - 1 != state->n_columns)
        return false;
    for (int i = 0; i < state->n_columns * state->n_references; i++)
        drift_rows_clear(&state->budget, &state->pairs[i].rows);
    for (int k = 0; k < state->n_references; k++) state->n_reference[k] = 0;
    state->n_current = 0;
    state->is_read = false;
    state->pair = -1;
    return true;
}

static int samples_next(athlete_call *call, void *opaque) {
    samples_state *state = opaque;
    athlete_status status = state->is_read ? ATHLETE_OK : samples_read(call, state);
    for (int k = 0; k < state->n_references && !state->is_read && status == ATHLETE_OK; k++)
        status = compare_reference(state, k);
    if (status != ATHLETE_OK) return call_fail_status(call, status);
    state->is_read = true;
    return ++state->pair < state->n_columns * state->n_references ? SQLITE_ROW : SQLITE_DONE;
}

static void samples_result_verdict(sqlite3_context *context, const sample_pair *pair, int column) {
    switch (column) {
    case 14:
        if (!pair->reason) sqlite3_result_double(context, pair->moved.shift);
        break;
    case 15:
        if (!pair->reason) sqlite3_result_double(context, pair->moved.limit);
        break;
    case 16:
        if (!pair->reason) sqlite3_result_int(context, fabs(pair->moved.shift) > pair->moved.limit);
        break;
    case 17:
        if (pair->reason) sqlite3_result_text(context, pair->reason, -1, SQLITE_STATIC);
        break;
    }
}

static void samples_result(void *opaque, sqlite3_context *context, int column) {
    const samples_state *state = opaque;
    const sample_pair *pair = &state->pairs[state->pair];
    const drift_metric *metrics = pair->metrics;
    int reference = state->pair / state->n_columns;
    switch (column) {
    case 0:
        sqlite3_result_text(context, state->names[state->pair % state->n_columns], -1, SQLITE_TRANSIENT);
        break;
    case 1: sqlite3_result_int(context, reference + 1); break;
    case 2: sqlite3_result_int64(context, state->n_reference[reference]); break;
    case 3: sqlite3_result_int64(context, state->n_current); break;
    case 4: sqlite3_result_double(context, metrics[DRIFT_KS].value); break;
    case 5: sqlite3_result_double(context, metrics[DRIFT_KS].p); break;
    case 6: sqlite3_result_double(context, metrics[DRIFT_WASSERSTEIN].value); break;
    case 7: sqlite3_result_double(context, metrics[DRIFT_JS].value); break;
    case 8: sqlite3_result_double(context, metrics[DRIFT_PSI].value); break;
    case 9: sqlite3_result_double(context, metrics[DRIFT_CHI2].value); break;
    case 10: sqlite3_result_double(context, metrics[DRIFT_CHI2].p); break;
    case 11: sqlite3_result_double(context, metrics[DRIFT_TOTAL_VARIATION].value); break;
    case 12: sqlite3_result_double(context, metrics[DRIFT_LINF].value); break;
    case 13: sqlite3_result_double(context, pair->adjusted); break;
    default: samples_result_verdict(context, pair, column); break;
    }
}

static void samples_close(void *opaque) {
    samples_state *state = opaque;
    for (int i = 0; state->pairs && i < state->n_columns * state->n_references; i++)
        drift_rows_free(&state->budget, &state->pairs[i].rows);
    for (int i = 0; i < state->n_names; i++) sqlite3_free(state->names[i]);
    memory_free(NULL, state->names);
    memory_free(NULL, state->n_reference);
    memory_free(NULL, state->pairs);
    own_finalize(state->poll.db, &state->query);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

const athlete_table drift_samples_table = {
    .columns =
        "column_name TEXT, reference INTEGER, n_reference INTEGER, n_current INTEGER, ks_statistic REAL, "
        "ks_pvalue REAL, wasserstein REAL, js_distance REAL, psi REAL, chi2_statistic REAL, chi2_pvalue "
        "REAL, "
        "total_variation REAL, linf REAL, adjusted_pvalue REAL, shift REAL, own_limit REAL, is_drift "
        "INTEGER, "
        "reason TEXT",
    .expected_rows = 100,
    .open = samples_open,
    .next = samples_next,
    .column = samples_result,
    .close = samples_close,
    .again = samples_again,
};
