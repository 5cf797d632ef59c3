/* cbpe and dle(reference_query, current_query[, options]): chunk by chunk what a model is worth, with and without labels.
**
** R1  Rows come in the order of time. Of the reference only those count that have come, of the current rows all.
** R2  A chunk has as many rows as asked for, or a tenth of its query's; what is left over is a chunk of its own.
** R3  What has no value is NULL, never NaN. There is no alarm from a reference of fewer chunks than PERFORMANCE_LEAST_CHUNKS. */
#include <math.h>
#include "base/binding/query.h"
#include "validation/estimated_performance.h"
#include "validation/validation_callbacks_sql.h"

enum { REFERENCE, CURRENT };

typedef struct estimate_settings {
    sqlite3_int64 chunk_size, chunks;
    int metric;
} estimate_settings;

#define CHUNK_OPTIONS                                                                                        \
    {"chunk_size",                                                                                           \
     NULL,                                                                                                   \
     OPTION_INTEGER,                                                                                         \
     offsetof(estimate_settings, chunk_size),                                                                \
     1,                                                                                                      \
     1e9,                                                                                                    \
     NULL,                                                                                                   \
     "(rows / chunks)",                                                                                      \
     "rows of a chunk"},                                                                                     \
    {                                                                                                        \
        "chunks", NULL, OPTION_INTEGER, offsetof(estimate_settings, chunks), 1, 1e9, NULL, "10",             \
            "chunks of each query, where chunk_size does not say"                                            \
    }

const athlete_option cbpe_options[] = {CHUNK_OPTIONS, {.name = NULL}};
const athlete_option dle_options[] = {
    CHUNK_OPTIONS,
    {"metric", NULL, OPTION_CHOICE, offsetof(estimate_settings, metric), 0, 0, "mae|mape|mse|msle|rmse|rmsle",
     "mae", "what the mean of the losses is called; of rmse and rmsle it is the root of the mean"},
    {.name = NULL},
};

static const char *const class_names[] = {"roc_auc", "accuracy", "precision", "recall", "specificity", "f1"};
static const char *const loss_names[] = {"mae", "mape", "mse", "msle", "rmse", "rmsle"};
#define FIRST_ROOT 4

typedef struct estimate_state {
    athlete_budget budget;
    athlete_poll poll;
    performance_case *cases[2];
    size_t n[2], capacity[2], chunk_size[2];
    bool is_loss;
    estimate_settings settings;
    performance_metric first_metric, last_metric;
    performance_scale scales[PERFORMANCE_METRICS];
    int period;                /* where the walk is */
    size_t start, end;         /* of the chunk */
    performance_metric metric; /* of the row */
    double estimated, came;
    performance_band band;
} estimate_state;

/* --- reading -------------------------------------------------------------------------------------------- */

static bool is_number_within(sqlite3_value *value, double min, double max) {
    int type = sqlite3_value_numeric_type(value);
    double x = sqlite3_value_double(value);
    return (type == SQLITE_INTEGER || type == SQLITE_FLOAT) && x >= min && x <= max;
}

static bool is_label(sqlite3_value *value) {
    return is_number_within(value, 0, 1) &&
           (sqlite3_value_double(value) == 0 || sqlite3_value_double(value) == 1);
}

static athlete_status refuse_estimate(athlete_call *call, int period, sqlite3_int64 row, const char *expected,
                                      sqlite3_value *value) {
    sqlite3_str *sentence = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sentence, "row %lld of the %s query: %s, got ", row,
                        period == REFERENCE ? "reference" : "current", expected);
    value_describe(sentence, value);
    return fault_refuse_str(&call->fault, sentence);
}

static bool is_null(sqlite3_value *value) {
    return sqlite3_value_type(value) == SQLITE_NULL;
}

/* p, decision, label and, if it is there, score. */
static athlete_status take_class(athlete_call *call, sqlite3_stmt *query, int period, sqlite3_int64 row,
                                 performance_case *one, bool *is_skipped) {
    sqlite3_value *p = sqlite3_column_value(query, 0), *decision = sqlite3_column_value(query, 1),
                  *label = sqlite3_column_value(query, 2);
    sqlite3_value *score = sqlite3_column_count(query) > 3 ? sqlite3_column_value(query, 3) : p;
    *is_skipped = is_null(p) || is_null(decision) || is_null(score);
    if (*is_skipped) return ATHLETE_OK;
    if (!is_number_within(p, 0, 1))
        return refuse_estimate(call, period, row, "p must be a number from 0 to 1", p);
    if (!is_label(decision)) return refuse_estimate(call, period, row, "decision must be 0 or 1", decision);
    if (!is_null(label) && !is_label(label))
        return refuse_estimate(call, period, row, "label must be 0, 1 or NULL", label);
    if (!is_number_within(score, -HUGE_VAL, HUGE_VAL))
        return refuse_estimate(call, period, row, "score must be a number", score);
    *one = (performance_case){.expected = sqlite3_value_double(p),
                              .came = is_null(label) ? NAN : sqlite3_value_double(label),
                              .score = sqlite3_value_double(score),
                              .decision = sqlite3_value_double(decision) == 1};
    return ATHLETE_OK;
}

/* estimated_loss and loss. An estimate below 0 is one of no loss. */
static athlete_status take_loss(athlete_call *call, sqlite3_stmt *query, int period, sqlite3_int64 row,
                                performance_case *one, bool *is_skipped) {
    sqlite3_value *expected = sqlite3_column_value(query, 0), *loss = sqlite3_column_value(query, 1);
    *is_skipped = is_null(expected);
    if (*is_skipped) return ATHLETE_OK;
    if (!is_number_within(expected, -1e150, 1e150))
        return refuse_estimate(call, period, row,
                               "estimated_loss must be a number of at most 1e150 from 0 or NULL", expected);
    if (!is_null(loss) && !is_number_within(loss, 0, 1e150))
        return refuse_estimate(call, period, row, "loss must be a number from 0 to 1e150 or NULL", loss);
    double x = sqlite3_value_double(expected);
    *one = (performance_case){.expected = x > 0 ? x : 0,
                              .came = is_null(loss) ? NAN : sqlite3_value_double(loss)};
    return ATHLETE_OK;
}

static athlete_status take_estimate(athlete_call *call, estimate_state *state, sqlite3_stmt *query,
                                    int period, sqlite3_int64 row) {
    performance_case one;
    bool is_skipped = false;
    athlete_status status = state->is_loss ? take_loss(call, query, period, row, &one, &is_skipped)
                                           : take_class(call, query, period, row, &one, &is_skipped);
    if (status != ATHLETE_OK || is_skipped || (period == REFERENCE && isnan(one.came))) return status;
    size_t *n = &state->n[period];
    if (*n >= (size_t)1 << 30) return ATHLETE_OVER_LIMIT;
    status = memory_reserve(&state->budget, &state->cases[period], &state->capacity[period], *n + 1);
    if (status == ATHLETE_OK) state->cases[period][(*n)++] = one;
    return status;
}

static athlete_status read_estimates(athlete_call *call, estimate_state *state, sqlite3_value *sql,
                                     int period) {
    sqlite3_stmt *query;
    athlete_status status = query_open(
        call->db, (const char *)sqlite3_value_text(sql), state->is_loss ? 2 : 3,
        state->is_loss ? "estimated_loss, loss" : "p, decision, label[, score]", &query, &call->fault);
    if (status != ATHLETE_OK) return status;
    int code = SQLITE_ROW;
    for (sqlite3_int64 row = 1; status == ATHLETE_OK && (code = sqlite3_step(query)) == SQLITE_ROW; row++)
        status = take_estimate(call, state, query, period, row);
    if (status == ATHLETE_OK && code != SQLITE_DONE)
        status = status_of_code(call->db, code, "the query failed: ", &call->fault);
    sqlite3_finalize(query);
    return status;
}

static athlete_status estimate_open(athlete_call *call, int argc, sqlite3_value **argv, bool is_loss,
                                    void **out) {
    estimate_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    state->is_loss = is_loss;
    poll_begin(&state->poll, call->db);
    const char *json = argc > 2 && argv[2] ? (const char *)sqlite3_value_text(argv[2]) : NULL;
    athlete_status status =
        options_read(is_loss ? dle_options : cbpe_options, json, &state->settings, &call->fault);
    for (int period = REFERENCE; period <= CURRENT && status == ATHLETE_OK; period++) {
        status = read_estimates(call, state, argv[period], period);
        size_t size = state->n[period] / (size_t)state->settings.chunks;
        if (state->settings.chunk_size > 0) size = (size_t)state->settings.chunk_size;
        state->chunk_size[period] = size > 0 ? size : 1;
    }
    state->first_metric = is_loss ? PERFORMANCE_MEAN_LOSS : PERFORMANCE_ROC_AUC;
    if (is_loss && state->settings.metric >= FIRST_ROOT) state->first_metric = PERFORMANCE_ROOT_LOSS;
    state->last_metric = is_loss ? state->first_metric : PERFORMANCE_F1;
    for (performance_metric m = state->first_metric; m <= state->last_metric && status == ATHLETE_OK; m++)
        status =
            performance_fit(m, state->cases[REFERENCE], state->n[REFERENCE], state->chunk_size[REFERENCE],
                            &state->budget, &state->poll, &state->scales[m]);
    state->metric = state->last_metric; /* before the first chunk */
    return status;
}

static athlete_status cbpe_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    return estimate_open(call, argc, argv, false, out);
}

static athlete_status dle_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    return estimate_open(call, argc, argv, true, out);
}

/* --- rows ----------------------------------------------------------------------------------------------- */

/* The next chunk of either period; false behind the last. */
static bool estimate_next_chunk(estimate_state *state) {
    state->start = state->end;
    while (state->period <= CURRENT && state->start >= state->n[state->period])
        state->period++, state->start = 0;
    if (state->period > CURRENT) return false;
    size_t left = state->n[state->period] - state->start, size = state->chunk_size[state->period];
    state->end = state->start + (left < size ? left : size);
    return true;
}

static int estimate_next(athlete_call *call, void *opaque) {
    estimate_state *state = opaque;
    if (state->metric < state->last_metric) {
        state->metric++;
    } else {
        if (!estimate_next_chunk(state)) return SQLITE_DONE;
        state->metric = state->first_metric;
    }
    const performance_case *cases = state->cases[state->period] + state->start;
    size_t n = state->end - state->start;
    athlete_status status =
        performance_value(state->metric, cases, n, false, &state->budget, &state->poll, &state->estimated);
    if (status == ATHLETE_OK)
        status = performance_value(state->metric, cases, n, true, &state->budget, &state->poll, &state->came);
    if (status != ATHLETE_OK) return call_fail_status(call, status);
    state->band = performance_band_of(state->metric, &state->scales[state->metric], state->estimated, n);
    return SQLITE_ROW;
}

/* Why there is no verdict, or NULL. */
static const char *estimate_reason(const estimate_state *state) {
    if (isnan(state->estimated)) return "what is expected is of one class";
    if (state->n[REFERENCE] == 0) return "the reference query has no rows that have come";
    if (state->scales[state->metric].n_chunks < PERFORMANCE_LEAST_CHUNKS)
        return "fewer than 6 chunks of the reference have a realized value";
    return NULL;
}

static void estimate_column(void *opaque, sqlite3_context *context, int column) {
    const estimate_state *state = opaque;
    const performance_scale *scale = &state->scales[state->metric];
    const char *reason = estimate_reason(state);
    size_t chunk = state->start / state->chunk_size[state->period];
    switch (column) {
    case 0:
        sqlite3_result_text(context, state->period == REFERENCE ? "reference" : "current", -1, SQLITE_STATIC);
        break;
    case 1: sqlite3_result_int64(context, (sqlite3_int64)chunk); break;
    case 2: sqlite3_result_int64(context, (sqlite3_int64)state->start); break;
    case 3: sqlite3_result_int64(context, (sqlite3_int64)state->end - 1); break;
    case 4:
        sqlite3_result_text(context,
                            state->is_loss ? loss_names[state->settings.metric] : class_names[state->metric],
                            -1, SQLITE_STATIC);
        break;
    case 5: sqlite3_result_double(context, state->estimated); break;
    case 6: sqlite3_result_double(context, state->band.error); break;
    case 7: sqlite3_result_double(context, state->came); break;
    case 8: sqlite3_result_double(context, state->band.lower); break;
    case 9: sqlite3_result_double(context, state->band.upper); break;
    case 10: sqlite3_result_double(context, scale->lower); break;
    case 11: sqlite3_result_double(context, scale->upper); break;
    case 12:
        if (!reason)
            sqlite3_result_int(context, state->estimated < scale->lower || state->estimated > scale->upper);
        break;
    case 13:
        if (reason) sqlite3_result_text(context, reason, -1, SQLITE_STATIC);
        break;
    }
}

static void estimate_close(void *opaque) {
    estimate_state *state = opaque;
    memory_free(&state->budget, state->cases[REFERENCE]);
    memory_free(&state->budget, state->cases[CURRENT]);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

#define ESTIMATE_TABLE(opened)                                                                               \
    {                                                                                                        \
        .columns = "period TEXT, chunk INTEGER, start_index INTEGER, end_index INTEGER, metric TEXT, "       \
                   "estimated REAL, sampling_error REAL, realized REAL, lower_confidence REAL, "             \
                   "upper_confidence REAL, lower_threshold REAL, upper_threshold REAL, is_alert INTEGER, "   \
                   "reason TEXT",                                                                            \
        .expected_rows = 100, .open = opened, .next = estimate_next, .column = estimate_column,              \
        .close = estimate_close                                                                              \
    }

const athlete_table cbpe_table = ESTIMATE_TABLE(cbpe_open);
const athlete_table dle_table = ESTIMATE_TABLE(dle_open);
