/* Binding of kmeans_choose: a row for each number of clusters, one of which may be chosen. */
#include "base/binding/query.h"
#include "cluster/choose.h"
#include "cluster/cluster_callbacks_sql.h"
#include "cluster/cluster_rows_sql.h"

typedef struct kmeans_choose_state {
    athlete_budget budget;
    athlete_poll poll;
    cluster_settings settings;
    cluster_rows rows;
    choose_result *results; /* for k_min and those after it */
    size_t n, at;           /* from 1, the row of the result */
    size_t chosen;          /* from 0; n for none */
} kmeans_choose_state;

enum { CHOOSE_K, CHOOSE_INERTIA, CHOOSE_SILHOUETTE, CHOOSE_STABILITY, CHOOSE_CHOSEN, CHOOSE_REASON };

static choose_limits limits_of(const kmeans_choose_state *state) {
    return (choose_limits){state->settings.min_stability, state->settings.min_silhouette};
}

static athlete_status judge_all(athlete_call *call, kmeans_choose_state *state) {
    cluster_rows *rows = &state->rows;
    size_t first = (size_t)state->settings.k_min, n_different = 0;
    double *scales = memory_alloc(&state->budget, 2 * rows->width, sizeof *scales);
    if (!scales) return memory_status(&state->budget);
    athlete_status status =
        cluster_rows_prepare(rows, scales, scales + rows->width, &n_different, &state->budget, &state->poll);
    memory_free(&state->budget, scales);
    if (status != ATHLETE_OK) return status;
    if (n_different <= first)
        return fault_refuse(&call->fault, "%zu clusters need more different rows, there are %zu", first,
                            n_different);
    size_t last =
        (size_t)state->settings.k_max < n_different ? (size_t)state->settings.k_max : n_different - 1;
    state->results = memory_zeroed(&state->budget, last - first + 1, sizeof *state->results);
    if (!state->results) return memory_status(&state->budget);
    const points of = {rows->x, rows->n, rows->width};
    const choose_options options = {cluster_settings_kmeans(&state->settings),
                                    (size_t)state->settings.resamples};
    for (size_t k = first; k <= last && status == ATHLETE_OK; k++)
        status = choose_judge(&of, k, &options, &state->budget, &state->poll, &state->results[state->n++]);
    state->chosen = choose_best(state->results, state->n, limits_of(state));
    return status;
}

static athlete_status choose_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    kmeans_choose_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    poll_begin(&state->poll, call->db);
    const char *json = (const char *)sqlite3_value_text(argv[0]);
    const char *sql = (const char *)sqlite3_value_text(argv[1]);
    if (!json || !sql) return ATHLETE_NOMEM;
    athlete_status status = options_read(kmeans_choose_options, json, &state->settings, &call->fault);
    if (status == ATHLETE_OK && state->settings.k_max < state->settings.k_min)
        status = fault_refuse(&call->fault, "option \"k_max\" is %lld, below \"k_min\", %lld",
                              (long long)state->settings.k_max, (long long)state->settings.k_min);
    sqlite3_stmt *query = NULL;
    if (status == ATHLETE_OK) status = query_open(call->db, sql, 2, "key, feature, …", &query, &call->fault);
    if (status != ATHLETE_OK) return status;
    state->rows.width = (size_t)sqlite3_column_count(query) - 1;
    state->rows.keeps_scale = state->settings.standardises != 0;
    status = cluster_rows_read(call->db, query, state->settings.missing != 0, &state->budget, &state->rows,
                               &call->fault);
    sqlite3_finalize(query);
    return status == ATHLETE_OK && state->rows.n > 0 ? judge_all(call, state) : status;
}

static int choose_next(athlete_call *call, void *opaque) {
    (void)call;
    kmeans_choose_state *state = opaque;
    return ++state->at <= state->n ? SQLITE_ROW : SQLITE_DONE;
}

static const char *choose_reason(const kmeans_choose_state *state, const choose_result *result) {
    if (state->chosen == state->at - 1)
        return "stable, apart, and no larger k has a silhouette that is greater by more than its standard "
               "error";
    if (!choose_is_stable(result, limits_of(state))) return "the clusters do not come again from other rows";
    if (!choose_is_apart(result, limits_of(state))) return "the clusters are not apart";
    return "another k is better, or as good with fewer clusters";
}

static void choose_column(void *opaque, sqlite3_context *context, int column) {
    const kmeans_choose_state *state = opaque;
    const choose_result *result = &state->results[state->at - 1];
    switch (column) {
    case CHOOSE_K: sqlite3_result_int64(context, state->settings.k_min + (sqlite3_int64)state->at - 1); break;
    case CHOOSE_INERTIA: sqlite3_result_double(context, result->inertia); break;
    case CHOOSE_SILHOUETTE: sqlite3_result_double(context, result->silhouette.mean); break;
    case CHOOSE_STABILITY: sqlite3_result_double(context, result->stability); break;
    case CHOOSE_CHOSEN: sqlite3_result_int(context, state->chosen == state->at - 1); break;
    case CHOOSE_REASON: sqlite3_result_text(context, choose_reason(state, result), -1, SQLITE_STATIC); break;
    }
}

static void choose_close(void *opaque) {
    kmeans_choose_state *state = opaque;
    cluster_settings_free(&state->settings);
    memory_free(&state->budget, state->rows.x);
    memory_free(&state->budget, state->results);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

const athlete_table kmeans_choose_table = {
    .columns = "k INTEGER, inertia REAL, silhouette REAL, stability REAL, chosen INTEGER, reason TEXT",
    .expected_rows = 7,
    .open = choose_open,
    .next = choose_next,
    .column = choose_column,
    .close = choose_close,
};
