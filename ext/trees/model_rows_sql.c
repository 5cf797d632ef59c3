#include "trees/model_rows_sql.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include "base/query.h"

athlete_status model_rows_open(athlete_call *call, model_rows *rows, sqlite3_value *model) {
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

/* --- columns -------------------------------------------------------------------------------------------- */

/* The query's column of each feature name; false if one has none or two. */
static bool match_names(model_rows *rows) {
    const char *const *names = rows->model.feature_names;
    int n_columns = sqlite3_column_count(rows->query);
    for (int f = 0; names && f < rows->model.n_features; f++) {
        rows->columns[f] = -1;
        for (int c = 1; c < n_columns; c++) {
            const char *name = sqlite3_column_name(rows->query, c);
            if (!name || strcmp(name, names[f]) != 0) continue;
            if (rows->columns[f] >= 0) return false;
            rows->columns[f] = c;
        }
        if (rows->columns[f] < 0) return false;
    }
    return names != NULL;
}

athlete_status model_rows_query(athlete_call *call, model_rows *rows, sqlite3_value *query, size_t capacity) {
    const size_t n_features = (size_t)rows->model.n_features;
    const char *sql = (const char *)sqlite3_value_text(query);
    if (!sql) return ATHLETE_NOMEM;
    char *message;
    athlete_status status = query_open(call->db, sql, 2, "key, feature[, …]", &rows->query, &message);
    if (status == ATHLETE_INVALID) call_fail(call, "%s", message);
    sqlite3_free(message);
    if (status != ATHLETE_OK) return status;

    rows->capacity = capacity;
    rows->columns = memory_alloc(&rows->budget, n_features, sizeof *rows->columns);
    rows->keys = memory_zeroed(&rows->budget, capacity, sizeof(sqlite3_value *));
    rows->features = memory_alloc(&rows->budget, capacity * n_features, sizeof *rows->features);
    rows->given = memory_alloc(&rows->budget, capacity * n_features, sizeof *rows->given);
    if (!rows->columns || !rows->keys || !rows->features || !rows->given) return memory_status(&rows->budget);
    if (match_names(rows)) return ATHLETE_OK;
    int given = sqlite3_column_count(rows->query) - 1;
    if (given != rows->model.n_features) {
        call_fail(call, "the model has %d features, the query gives %d after the key", rows->model.n_features,
                  given);
        return ATHLETE_INVALID;
    }
    for (int f = 0; f < given; f++) rows->columns[f] = f + 1;
    return ATHLETE_OK;
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static athlete_status fail_value(athlete_call *call, const model_rows *rows, int column) {
    sqlite3_str *got = sqlite3_str_new(NULL);
    value_describe(got, sqlite3_column_value(rows->query, column));
    char *described = sentence_finish(got);
    if (!described) return ATHLETE_NOMEM;
    call_fail(call, "row %lld of the query: %s must be a number in the range of float32, or NULL, got %s",
              rows->n_read, sqlite3_column_name(rows->query, column), described);
    sqlite3_free(described);
    return ATHLETE_INVALID;
}

/* The number of a text among the feature's categories; one that the model does not know is missing. */
static double category_of(const category_names *categories, const char *text) {
    for (size_t c = 0; text && c < categories->n; c++) {
        if (strcmp(categories->name[c], text) == 0) return (double)c;
    }
    return NAN;
}

static athlete_status read_feature(athlete_call *call, const model_rows *rows, int feature, double *x) {
    const category_names *categories = rows->model.categories ? &rows->model.categories[feature] : NULL;
    int column = rows->columns[feature], type = sqlite3_column_type(rows->query, column);
    *x = NAN;
    if (type == SQLITE_NULL) return ATHLETE_OK;
    if (type == SQLITE_TEXT && categories && categories->n > 0) {
        const char *text = (const char *)sqlite3_column_text(rows->query, column);
        if (!text) return ATHLETE_NOMEM;
        *x = category_of(categories, text);
        return ATHLETE_OK;
    }
    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) return fail_value(call, rows, column);
    *x = sqlite3_column_double(rows->query, column);
    return fabs(*x) > FLT_MAX ? fail_value(call, rows, column) : ATHLETE_OK;
}

static void forget_block(model_rows *rows) {
    for (size_t i = 0; i < rows->n; i++) sqlite3_value_free(rows->keys[i]);
    rows->n = 0;
}

athlete_status model_rows_next(athlete_call *call, model_rows *rows) {
    const size_t n_features = (size_t)rows->model.n_features;
    forget_block(rows);
    while (rows->n < rows->capacity && !rows->at_end) {
        int rc = sqlite3_step(rows->query);
        rows->at_end = rc == SQLITE_DONE;
        if (rows->at_end) break;
        if (rc != SQLITE_ROW) {
            query_fail(call, rc);
            return ATHLETE_INVALID;
        }
        rows->n_read++;
        double *given = rows->given + rows->n * n_features;
        float *features = rows->features + rows->n * n_features;
        for (size_t f = 0; f < n_features; f++) {
            athlete_status status = read_feature(call, rows, (int)f, &given[f]);
            if (status != ATHLETE_OK) return status;
            features[f] = (float)given[f];
        }
        sqlite3_value *key = sqlite3_value_dup(sqlite3_column_value(rows->query, 0));
        if (!key) return ATHLETE_NOMEM;
        rows->keys[rows->n++] = key;
    }
    return ATHLETE_OK;
}

void model_rows_close(model_rows *rows) {
    forget_block(rows);
    sqlite3_finalize(rows->query);
    poll_end(&rows->poll);
    memory_free(&rows->budget, rows->columns);
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
