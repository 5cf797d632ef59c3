#include "trees/model_rows_sql.h"

#include <string.h>
#include "base/binding/query.h"
#include "base/numbers/decimal.h"
#include "base/text/json_text.h"
#include "trees/feature_sql.h"

/* --- keys ----------------------------------------------------------------------------------------------- */

static bool keep_key(row_key *key, sqlite3_value *value) {
    key->type = sqlite3_value_type(value);
    switch (key->type) {
    case SQLITE_NULL: break;
    case SQLITE_INTEGER: key->integer = sqlite3_value_int64(value); break;
    case SQLITE_FLOAT: key->real = sqlite3_value_double(value); break;
    default: key->other = sqlite3_value_dup(value); return key->other != NULL;
    }
    return true;
}

static void forget_keys(model_rows *rows, size_t n) {
    for (size_t r = 0; r < n; r++) {
        sqlite3_value_free(rows->keys[r].other);
        rows->keys[r].other = NULL;
    }
}

void model_rows_result_key(sqlite3_context *context, const model_rows *rows, size_t row) {
    const row_key *key = &rows->keys[row];
    switch (key->type) {
    case SQLITE_NULL: break;
    case SQLITE_INTEGER: sqlite3_result_int64(context, key->integer); break;
    case SQLITE_FLOAT: sqlite3_result_double(context, key->real); break;
    default: sqlite3_result_value(context, key->other); break;
    }
}

/* --- reading -------------------------------------------------------------------------------------------- */

static void model_rows_refuse(model_rows *rows, int feature, sqlite3_value *value) {
    athlete_call *call = rows->call;
    athlete_status status = feature_refuse(model_rows_model(rows), feature, value, &call->fault);
    if (status == ATHLETE_INVALID)
        fault_refuse(&call->fault, "row %lld: %s", (long long)rows->n_read + 1, call->fault.text);
    call_fail_status(call, status);
}

/* Takes part of a row: column 0 is the key, column f + 1 is feature f. */
static bool model_rows_take(void *reader, int first, int n, sqlite3_value **values, bool complete) {
    model_rows *rows = reader;
    const forest *model = model_rows_model(rows);
    if (rows->call->code != SQLITE_OK) return true;
    int i = 0;
    if (first == 0 && !keep_key(&rows->keys[rows->n], values[i++])) {
        call_fail_status(rows->call, ATHLETE_NOMEM);
        return true;
    }
    const size_t stride = rows->places.feature_stride;
    size_t at = (size_t)(first + i - 1) * stride + rows->n * rows->places.row_stride;
    float *x = rows->places.features;
    double *given = rows->places.given;
    for (; i < n; i++, at += stride) {
        if (!feature_read(model, first + i - 1, values[i], &x[at])) {
            model_rows_refuse(rows, first + i - 1, values[i]);
            return true;
        }
        if (given)
            given[at] = sqlite3_value_type(values[i]) == SQLITE_FLOAT ? sqlite3_value_double(values[i])
                                                                      : (double)x[at];
    }
    if (complete) {
        rows->n++;
        rows->n_read++;
    }
    return rows->n == rows->capacity;
}

athlete_status model_rows_next(model_rows *rows) {
    forget_keys(rows, rows->n);
    rows->n = 0;
    if (rows->ended) return ATHLETE_OK;
    int rc = row_feed_step(&rows->feed);
    rows->ended = rc == SQLITE_DONE;
    if (rows->call->code == SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE) query_fail(rows->call, rc);
    return rows->call->code == SQLITE_OK ? ATHLETE_OK : ATHLETE_INVALID;
}

/* --- opening and closing -------------------------------------------------------------------------------- */

typedef struct row_options {
    int match;
    char *iteration_range;
} row_options;

const athlete_option model_rows_options[] = {
    {"match", NULL, OPTION_CHOICE, offsetof(row_options, match), 0, 0, "name|position",
     "(name if the model has feature names)", "how the query's columns are features"},
    {"iteration_range", NULL, OPTION_LIST, offsetof(row_options, iteration_range), 0, 0, NULL, "(all rounds)",
     MODEL_ROWS_RANGE},
    {.name = NULL},
};

static bool is_round(const cJSON *x) {
    return cJSON_IsNumber(x) && is_whole(x->valuedouble, 0, INT32_MAX);
}

athlete_status model_rows_span(const forest *model, const char *range, tree_span *span,
                               athlete_fault *fault) {
    *span = forest_all(model);
    if (!range) return ATHLETE_OK;
    cJSON *list;
    athlete_status status = json_parse(range, strlen(range), &list, fault);
    if (status != ATHLETE_OK) return status;
    const cJSON *begin = list->child, *end = begin ? begin->next : NULL;
    if (end && !end->next && is_round(begin) && is_round(end))
        status = forest_rounds(model, (size_t)begin->valuedouble, (size_t)end->valuedouble, span, fault);
    else
        status = fault_refuse(fault,
                              "iteration_range must be a list of two whole numbers, the first round "
                              "and the one after the last, got %.40s",
                              range);
    cJSON_Delete(list);
    return status;
}

athlete_status model_rows_read_options(athlete_call *call, const forest *model, sqlite3_value *options,
                                       column_match *match, tree_span *span) {
    row_options chosen = {.match = MATCH_DEFAULT};
    const char *json = options ? (const char *)sqlite3_value_text(options) : NULL;
    athlete_status status = options_read(model_rows_options, json, &chosen, &call->fault);
    if (status == ATHLETE_OK) status = model_rows_span(model, chosen.iteration_range, span, &call->fault);
    sqlite3_free(chosen.iteration_range);
    *match = (column_match)chosen.match;
    return status;
}

athlete_status model_rows_open(athlete_call *call, model_rows *rows, sqlite3_value *model) {
    rows->call = call;
    rows->budget.limit = ATHLETE_BUDGET_DEFAULT;
    poll_begin(&rows->poll, call->db);
    rows->cached = model_of_call(call, model);
    return rows->cached ? ATHLETE_OK : ATHLETE_INVALID;
}

static athlete_status model_rows_open_feed(model_rows *rows, const char *sql, column_match match,
                                           athlete_fault *fault) {
    const forest *model = model_rows_model(rows);
    sqlite3_stmt *query;
    int *columns = NULL;
    athlete_status status = query_open(rows->call->db, sql, 1, "key, feature, …", &query, fault);
    if (status == ATHLETE_OK) status = score_columns(model, query, match, &columns, fault);
    if (status == ATHLETE_OK) {
        rows->feed.reader = rows;
        rows->feed.take = model_rows_take;
        status = row_feed_open(rows->call->db, query, columns, model->n_features + 1, &rows->feed, fault);
    }
    memory_free(NULL, columns);
    sqlite3_finalize(query);
    return status;
}

athlete_status model_rows_query(model_rows *rows, sqlite3_value *query, column_match match, size_t capacity,
                                row_places places) {
    const char *sql = (const char *)sqlite3_value_text(query);
    if (!sql) return ATHLETE_NOMEM;
    rows->places = places;
    rows->capacity = capacity;
    rows->keys = memory_zeroed(&rows->budget, capacity, sizeof *rows->keys);
    if (!rows->keys) return memory_status(&rows->budget);
    return model_rows_open_feed(rows, sql, match, &rows->call->fault);
}

row_places model_rows_matrix(model_rows *rows, size_t capacity, bool given) {
    const size_t n_features = (size_t)model_rows_model(rows)->n_features;
    row_places *places = &rows->own;
    places->feature_stride = 1;
    places->row_stride = n_features;
    places->features = memory_alloc(&rows->budget, capacity * n_features, sizeof *places->features);
    if (given && places->features) {
        places->given = memory_alloc(&rows->budget, capacity * n_features, sizeof *places->given);
        if (!places->given) {
            memory_free(&rows->budget, places->features);
            places->features = NULL;
        }
    }
    return *places;
}

void model_rows_close(model_rows *rows) {
    if (rows->keys) forget_keys(rows, rows->capacity); /* also that of a row that was not finished */
    row_feed_close(&rows->feed);
    poll_end(&rows->poll);
    memory_free(&rows->budget, rows->keys);
    memory_free(&rows->budget, rows->own.features);
    memory_free(&rows->budget, rows->own.given);
    cached_text_release(rows->cached);
}
