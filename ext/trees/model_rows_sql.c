#include "trees/model_rows_sql.h"

#include "base/query.h"
#include "trees/feature_sql.h"
#include "trees/score_columns_sql.h"

typedef struct rows_options {
    int match;
} rows_options;

const athlete_option model_rows_options[] = {
    {"match", NULL, OPTION_CHOICE, offsetof(rows_options, match), 0, 0, "name|position",
     "how the query's columns are features; default name if the model has feature names"},
    {.name = NULL},
};

athlete_status model_rows_open(athlete_call *call, model_rows *rows, sqlite3_value *model) {
    rows->call = call;
    rows->budget.limit = ATHLETE_BUDGET_DEFAULT;
    poll_begin(&rows->poll, call->db);
    const char *text = (const char *)sqlite3_value_text(model);
    if (!text) return ATHLETE_NOMEM;
    model_fault fault = {{0}};
    size_t length = (size_t)sqlite3_value_bytes(model);
    athlete_status status = model_read(text, length, &rows->budget, &rows->model, &fault);
    if (status == ATHLETE_INVALID) call_fail(call, "%s", fault.text);
    return status;
}

/* --- reading -------------------------------------------------------------------------------------------- */

static void refuse(model_rows *rows, int feature, sqlite3_value *value) {
    char *sentence = feature_refusal(&rows->model, feature, value);
    if (sentence) call_fail(rows->call, "row %lld: %s", rows->n_read + 1, sentence);
    else call_fail_status(rows->call, ATHLETE_NOMEM, NULL);
    sqlite3_free(sentence);
}

/* Takes part of a row: column 0 is the key, column f + 1 is feature f. */
static bool take(void *reader, int first, int n, sqlite3_value **values, bool complete) {
    model_rows *rows = reader;
    if (rows->call->code != SQLITE_OK) return true;
    const size_t row = rows->n * (size_t)rows->model.n_features;
    int i = 0;
    if (first == 0) {
        rows->keys[rows->n] = sqlite3_value_dup(values[i++]);
        if (!rows->keys[rows->n]) {
            call_fail_status(rows->call, ATHLETE_NOMEM, NULL);
            return true;
        }
    }
    for (; i < n; i++) {
        int feature = first + i - 1;
        float x;
        if (!feature_read(&rows->model, feature, values[i], &x)) {
            refuse(rows, feature, values[i]);
            return true;
        }
        size_t at = row + (size_t)feature;
        rows->features[at] = x;
        rows->given[at] =
            sqlite3_value_type(values[i]) == SQLITE_FLOAT ? sqlite3_value_double(values[i]) : (double)x;
    }
    if (complete) {
        rows->n++;
        rows->n_read++;
    }
    return rows->n == rows->capacity;
}

static void forget_block(model_rows *rows) {
    for (size_t i = 0; rows->keys && i < rows->capacity; i++) {
        sqlite3_value_free(rows->keys[i]);
        rows->keys[i] = NULL;
    }
    rows->n = 0;
}

athlete_status model_rows_next(model_rows *rows) {
    forget_block(rows);
    if (rows->ended) return ATHLETE_OK;
    int rc = row_feed_step(&rows->feed);
    rows->ended = rc == SQLITE_DONE;
    if (rows->call->code == SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE) query_fail(rows->call, rc);
    return rows->call->code == SQLITE_OK ? ATHLETE_OK : ATHLETE_INVALID;
}

/* --- opening and closing -------------------------------------------------------------------------------- */

static athlete_status open_feed(model_rows *rows, const char *sql, int match, char **message) {
    sqlite3_stmt *query;
    int *columns = NULL;
    athlete_status status = query_open(rows->call->db, sql, 1, "key, feature, …", &query, message);
    if (status == ATHLETE_OK) status = score_columns(&rows->model, query, match, &columns, message);
    if (status == ATHLETE_OK) {
        rows->feed.reader = rows;
        rows->feed.take = take;
        status =
            row_feed_open(rows->call->db, query, columns, rows->model.n_features + 1, &rows->feed, message);
    }
    memory_free(NULL, columns);
    sqlite3_finalize(query);
    return status;
}

athlete_status model_rows_query(model_rows *rows, sqlite3_value *query, sqlite3_value *options,
                                size_t capacity) {
    const size_t n_features = (size_t)rows->model.n_features;
    const char *sql = (const char *)sqlite3_value_text(query);
    const char *json = options ? (const char *)sqlite3_value_text(options) : NULL;
    if (!sql) return ATHLETE_NOMEM;
    rows->capacity = capacity;
    rows->keys = memory_zeroed(&rows->budget, capacity, sizeof(sqlite3_value *));
    rows->features = memory_alloc(&rows->budget, capacity * n_features, sizeof *rows->features);
    rows->given = memory_alloc(&rows->budget, capacity * n_features, sizeof *rows->given);
    if (!rows->keys || !rows->features || !rows->given) return memory_status(&rows->budget);
    rows_options chosen = {.match = -1};
    char *message;
    athlete_status status = options_read(model_rows_options, json, &chosen, &message);
    if (status == ATHLETE_OK) status = open_feed(rows, sql, chosen.match, &message);
    if (status == ATHLETE_INVALID) call_fail(rows->call, "%s", message);
    sqlite3_free(message);
    return status;
}

void model_rows_close(model_rows *rows) {
    forget_block(rows);
    row_feed_close(&rows->feed);
    poll_end(&rows->poll);
    memory_free(&rows->budget, rows->keys);
    memory_free(&rows->budget, rows->features);
    memory_free(&rows->budget, rows->given);
    forest_free(&rows->budget, &rows->model);
}

void model_rows_result_name(sqlite3_context *context, const forest *model, size_t feature) {
    if (model->feature_names) {
        sqlite3_result_text(context, model->feature_names[feature], -1, SQLITE_TRANSIENT);
    } else {
        char name[24];
        sqlite3_snprintf((int)sizeof name, name, "f%u", (unsigned)feature);
        sqlite3_result_text(context, name, -1, SQLITE_TRANSIENT);
    }
}
