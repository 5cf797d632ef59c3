/* The rows of a query as what a model takes, in blocks: what gbdt_score, gbdt_explain and gbdt_importance share. The first
** column of the query is the key, the others are features (score_columns_sql.h says which). */
#ifndef ATHLETE_TREES_MODEL_ROWS_SQL_H
#define ATHLETE_TREES_MODEL_ROWS_SQL_H

#include "base/binding/options.h"
#include "base/binding/row_feed.h"
#include "trees/model/rounds.h"
#include "trees/model_argument_sql.h"
#include "trees/score_columns_sql.h"

/* A key as the query gave it; numbers, which most keys are, need no memory of their own. */
typedef struct row_key {
    int type;
    sqlite3_int64 integer;
    double real;
    sqlite3_value *other; /* text or blob */
} row_key;

/* Where a block's values go: that of feature f in row r to f * feature_stride + r * row_stride. */
typedef struct row_places {
    float *features; /* NaN where missing */
    double *given;   /* before rounding to float32, a category's number for a text; or NULL */
    size_t feature_stride, row_stride;
} row_places;

typedef struct model_rows {
    athlete_call *call;
    athlete_budget budget; /* of what the call needs besides the model */
    athlete_poll poll;
    cached_model *cached;
    row_feed feed;
    row_places places, own; /* own: those of model_rows_matrix */
    size_t capacity;
    sqlite3_int64 n_read; /* rows so far */
    bool ended;

    /* the block */
    size_t n;
    row_key *keys;
} model_rows;

static inline const forest *model_rows_model(const model_rows *rows) {
    return &rows->cached->model;
}

#define MODEL_ROWS_RANGE                                                                                     \
    "[begin, end]: only the rounds from begin, counted from 0, to the one before end; an end of 0 is after " \
    "the last one"

/* Options of a function that has no others. */
extern const athlete_option model_rows_options[];
athlete_status model_rows_read_options(athlete_call *call, const forest *model, sqlite3_value *options,
                                       column_match *match, tree_span *span);

/* The trees of an iteration_range, a JSON list, all of them for NULL. */
athlete_status model_rows_span(const forest *model, const char *range, tree_span *span, athlete_fault *fault);

/* Finds the model. `rows`, all zeros before, must not move from then on; close with model_rows_close also after a failure. */
athlete_status model_rows_open(athlete_call *call, model_rows *rows, sqlite3_value *model);

/* Opens the query, whose rows will come in blocks of `capacity` and go to `places`. */
athlete_status model_rows_query(model_rows *rows, sqlite3_value *query, column_match match, size_t capacity,
                                row_places places);

/* Makes places for a block, row by row, which are closed with the rows; features NULL when memory is short. */
row_places model_rows_matrix(model_rows *rows, size_t capacity, bool given);

/* Reads the next block; ATHLETE_OK with n = 0 at the end. */
athlete_status model_rows_next(model_rows *rows);

void model_rows_close(model_rows *rows);

/* Ends a column with the key of a row of the block. */
void model_rows_result_key(sqlite3_context *context, const model_rows *rows, size_t row);

#endif
