/* Bindings of kmeans_predict, kmeans_distance, kmeans_score and kmeans_centers.
**
** R1  A row has no cluster where a feature is NULL, unless the model was trained with "missing" = "mean". */
#include <math.h>
#include "base/binding/query.h"
#include "base/own_statement.h"
#include "cluster/cluster_argument_sql.h"
#include "cluster/cluster_callbacks_sql.h"
#include "cluster/cluster_rows_sql.h"

typedef struct cluster_answer {
    bool is_known;
    double id, distance;
} cluster_answer;

/* The cluster of the features in `values`. */
static athlete_status answer_row(cached_clusters *cached, sqlite3_value *const *values,
                                 cluster_answer *answer, athlete_fault *fault) {
    const cluster_model *model = &cached->model;
    *answer = (cluster_answer){.is_known = true};
    for (size_t f = 0; f < model->width; f++) {
        athlete_status status = cluster_feature((int)f, values[f], &cached->row[f], fault);
        if (status != ATHLETE_OK) return status;
        if (isnan(cached->row[f]) && !model->imputes) answer->is_known = false;
    }
    if (!answer->is_known) return ATHLETE_OK;
    answer->id = model->ids[cluster_of(model, cached->row, &answer->distance)];
    return ATHLETE_OK;
}

/* --- scalars -------------------------------------------------------------------------------------------- */

static bool predict_row(sqlite3_context *context, int argc, sqlite3_value **argv, cluster_answer *answer) {
    athlete_fault fault = {""};
    athlete_status status;
    cached_clusters *cached = cluster_argument(sqlite3_context_db_handle(context), domain_state_of(context),
                                               argv[0], &status, &fault);
    if (cached && (size_t)argc - 1 != cached->model.width)
        status =
            fault_refuse(&fault, "the model has %zu features, %d are given", cached->model.width, argc - 1);
    else if (cached) status = answer_row(cached, argv + 1, answer, &fault);
    cached_text_release(cached);
    if (status != ATHLETE_OK) function_fail_status(context, status, fault.text);
    return status == ATHLETE_OK && answer->is_known;
}

void kmeans_predict_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    cluster_answer answer;
    if (predict_row(context, argc, argv, &answer)) sqlite3_result_int64(context, (sqlite3_int64)answer.id);
}

void kmeans_distance_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    cluster_answer answer;
    if (predict_row(context, argc, argv, &answer)) function_result_number(context, answer.distance);
}

/* --- kmeans_score --------------------------------------------------------------------------------------- */

typedef struct kmeans_score_state {
    cached_clusters *cached;
    sqlite3 *db;
    sqlite3_stmt *query;
    int *columns; /* per feature */
    sqlite3_value **values;
    cluster_answer answer;
    sqlite3_int64 n_read;
} kmeans_score_state;

static athlete_status find_feature_columns(athlete_call *call, kmeans_score_state *state) {
    const cluster_model *model = &state->cached->model;
    int given = sqlite3_column_count(state->query) - 1;
    if (!model->names && (size_t)given != model->width)
        return fault_refuse(&call->fault,
                            "the model has %zu features, the query has %d columns after the key",
                            model->width, given);
    for (size_t f = 0; f < model->width; f++) {
        int column = model->names ? query_column(state->query, model->names[f]) : (int)f + 1;
        if (column < 1)
            return fault_refuse(&call->fault, "feature %zu of the model (%s) is %s of the query", f + 1,
                                model->names[f], column == 0 ? "no column" : "more than one column");
        state->columns[f] = column;
    }
    return ATHLETE_OK;
}

static athlete_status kmeans_score_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    kmeans_score_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->db = call->db;
    athlete_status status;
    state->cached = cluster_argument_of_call(call, argv[0], &status);
    if (!state->cached) return status;
    const char *sql = (const char *)sqlite3_value_text(argv[1]);
    state->columns = memory_alloc(NULL, state->cached->model.width, sizeof *state->columns);
    state->values = memory_alloc(NULL, state->cached->model.width, sizeof *state->values);
    if (!sql || !state->columns || !state->values) return ATHLETE_NOMEM;
    status = query_open(call->db, sql, 2, "key, feature, …", &state->query, &call->fault);
    return status == ATHLETE_OK ? find_feature_columns(call, state) : status;
}

static int kmeans_score_next(athlete_call *call, void *opaque) {
    kmeans_score_state *state = opaque;
    int code = sqlite3_step(state->query);
    if (code == SQLITE_DONE) return code;
    if (code != SQLITE_ROW) return query_fail(call, code);
    state->n_read++;
    for (size_t f = 0; f < state->cached->model.width; f++)
        state->values[f] = sqlite3_column_value(state->query, state->columns[f]);
    athlete_status status = answer_row(state->cached, state->values, &state->answer, &call->fault);
    if (status == ATHLETE_OK) return SQLITE_ROW;
    if (status == ATHLETE_INVALID)
        fault_refuse(&call->fault, "row %lld: %s", (long long)state->n_read, call->fault.text);
    return call_fail_status(call, status);
}

static void kmeans_score_column(void *opaque, sqlite3_context *context, int column) {
    const kmeans_score_state *state = opaque;
    if (column == 0) sqlite3_result_value(context, sqlite3_column_value(state->query, 0));
    else if (!state->answer.is_known) sqlite3_result_null(context);
    else if (column == 1) sqlite3_result_int64(context, (sqlite3_int64)state->answer.id);
    else sqlite3_result_double(context, state->answer.distance);
}

static void kmeans_score_close(void *opaque) {
    kmeans_score_state *state = opaque;
    own_finalize(state->db, &state->query);
    cached_text_release(state->cached);
    memory_free(NULL, state->columns);
    memory_free(NULL, state->values);
    memory_free(NULL, state);
}

const athlete_table kmeans_score_table = {
    .columns = "key, cluster INTEGER, distance REAL",
    .expected_rows = 10000,
    .open = kmeans_score_open,
    .next = kmeans_score_next,
    .column = kmeans_score_column,
    .close = kmeans_score_close,
};

/* --- kmeans_centers ------------------------------------------------------------------------------------- */

typedef struct kmeans_centers_state {
    cached_clusters *cached;
    size_t at; /* from 1: cluster by cluster, and in each feature by feature */
} kmeans_centers_state;

enum { CENTER_CLUSTER, CENTER_SIZE, CENTER_FEATURE, CENTER_VALUE, CENTER_STANDARDIZED };

static athlete_status kmeans_centers_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    kmeans_centers_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    athlete_status status;
    state->cached = cluster_argument_of_call(call, argv[0], &status);
    return status;
}

static int kmeans_centers_next(athlete_call *call, void *opaque) {
    (void)call;
    kmeans_centers_state *state = opaque;
    const cluster_model *model = &state->cached->model;
    return ++state->at <= model->k * model->width ? SQLITE_ROW : SQLITE_DONE;
}

static void kmeans_centers_column(void *opaque, sqlite3_context *context, int column) {
    const kmeans_centers_state *state = opaque;
    const cluster_model *model = &state->cached->model;
    size_t c = (state->at - 1) / model->width, f = (state->at - 1) % model->width;
    double standardized = model->centres[state->at - 1];
    switch (column) {
    case CENTER_CLUSTER: sqlite3_result_int64(context, (sqlite3_int64)model->ids[c]); break;
    case CENTER_SIZE: sqlite3_result_int64(context, (sqlite3_int64)model->sizes[c]); break;
    case CENTER_FEATURE:
        if (model->names) sqlite3_result_text(context, model->names[f], -1, SQLITE_TRANSIENT);
        else sqlite3_result_int64(context, (sqlite3_int64)f);
        break;
    case CENTER_VALUE: sqlite3_result_double(context, cluster_center(model, c, f)); break;
    case CENTER_STANDARDIZED: sqlite3_result_double(context, standardized); break;
    }
}

static void kmeans_centers_close(void *opaque) {
    kmeans_centers_state *state = opaque;
    cached_text_release(state->cached);
    memory_free(NULL, state);
}

const athlete_table kmeans_centers_table = {
    .columns = "cluster INTEGER, size INTEGER, feature, center REAL, standardized REAL",
    .expected_rows = 50,
    .open = kmeans_centers_open,
    .next = kmeans_centers_next,
    .column = kmeans_centers_column,
    .close = kmeans_centers_close,
};
