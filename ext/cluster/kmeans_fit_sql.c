/* Binding of kmeans_fit: trains on the rows of a query, whose column names become the feature names. */
#include "base/binding/query.h"
#include "cluster/cluster_callbacks_sql.h"
#include "cluster/kmeans_trainer_sql.h"

typedef struct kmeans_fit_state {
    kmeans_trainer trainer;
    athlete_poll poll;
    text_buffer text;
    bool is_done;
} kmeans_fit_state;

enum { KMEANS_MODEL, KMEANS_ROWS, KMEANS_K, KMEANS_INERTIA, KMEANS_ITERATIONS };

static athlete_status kmeans_fit_query(athlete_call *call, kmeans_fit_state *state, sqlite3_stmt *query) {
    kmeans_trainer *t = &state->trainer;
    athlete_status status =
        cluster_rows_read(call->db, query, t->settings.missing != 0, &t->budget, &t->rows, &t->fault);
    const char **names = memory_alloc(&t->budget, t->rows.width, sizeof *names);
    if (status == ATHLETE_OK && !names) status = memory_status(&t->budget);
    for (size_t f = 0; f < t->rows.width && status == ATHLETE_OK; f++) {
        names[f] = sqlite3_column_name(query, (int)f + 1);
        if (!names[f]) status = ATHLETE_NOMEM;
    }
    if (status == ATHLETE_OK && t->settings.feature_names)
        status = fault_refuse(
            &t->fault, "option \"feature_names\" is for kmeans_train, here the query's columns have names");
    if (status == ATHLETE_OK && t->rows.n == 0) state->is_done = true;
    else if (status == ATHLETE_OK) status = kmeans_trainer_finish(t, names, &state->poll, &state->text);
    memory_free(&t->budget, names);
    return status;
}

static athlete_status kmeans_fit_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)argc;
    kmeans_fit_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    poll_begin(&state->poll, call->db);
    const char *options = (const char *)sqlite3_value_text(argv[0]);
    const char *sql = (const char *)sqlite3_value_text(argv[1]);
    if (!options || !sql) return ATHLETE_NOMEM;
    sqlite3_stmt *query;
    athlete_status status = query_open(call->db, sql, 2, "key, feature, …", &query, &call->fault);
    if (status != ATHLETE_OK) return status;
    status = kmeans_trainer_begin(&state->trainer, options, (size_t)sqlite3_column_count(query) - 1);
    if (status == ATHLETE_OK) status = kmeans_fit_query(call, state, query);
    sqlite3_finalize(query);
    if (status == ATHLETE_INVALID) fault_refuse(&call->fault, "%s", state->trainer.fault.text);
    return status;
}

static int kmeans_fit_next(athlete_call *call, void *opaque) {
    (void)call;
    kmeans_fit_state *state = opaque;
    if (state->is_done) return SQLITE_DONE;
    state->is_done = true;
    return SQLITE_ROW;
}

static void kmeans_fit_column(void *opaque, sqlite3_context *context, int column) {
    const kmeans_fit_state *state = opaque;
    const cluster_model *model = &state->trainer.model;
    switch (column) {
    case KMEANS_MODEL:
        sqlite3_result_text64(context, state->text.bytes, state->text.length, SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
    case KMEANS_ROWS: sqlite3_result_int64(context, (sqlite3_int64)model->rows); break;
    case KMEANS_K: sqlite3_result_int64(context, (sqlite3_int64)model->k); break;
    case KMEANS_INERTIA: sqlite3_result_double(context, model->inertia); break;
    case KMEANS_ITERATIONS: sqlite3_result_int64(context, (sqlite3_int64)state->trainer.iterations); break;
    }
}

static void kmeans_fit_close(void *opaque) {
    kmeans_fit_state *state = opaque;
    memory_free(NULL, state->text.bytes);
    kmeans_trainer_free(&state->trainer);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

const athlete_table kmeans_fit_table = {
    .columns = "model TEXT, rows INTEGER, k INTEGER, inertia REAL, iterations INTEGER",
    .expected_rows = 1,
    .open = kmeans_fit_open,
    .next = kmeans_fit_next,
    .column = kmeans_fit_column,
    .close = kmeans_fit_close,
};
