/* What the functions of a model and a query share: the model parsed, the query's rows read in blocks as the floats that
** the model compares. The first column of the query is the key, the others are features. */
#ifndef ATHLETE_TREES_MODEL_ROWS_SQL_H
#define ATHLETE_TREES_MODEL_ROWS_SQL_H

#include "base/options.h"
#include "base/row_feed.h"
#include "trees/model.h"

typedef struct model_rows {
    athlete_call *call;
    athlete_budget budget;
    athlete_poll poll;
    forest model;
    row_feed feed;
    size_t capacity;
    sqlite3_int64 n_read; /* rows so far */
    bool ended;

    /* the block */
    size_t n;
    sqlite3_value **keys; /* `capacity` of them, NULL from n on but for a row that was not finished */
    float *features;      /* n x n_features, NaN where missing */
    double *given;        /* the same before rounding to float32; a category's number for a text */
} model_rows;

extern const athlete_option model_rows_options[];

/* Parses the model. It must not move from then on; close with model_rows_close also after a failure. */
athlete_status model_rows_open(athlete_call *call, model_rows *rows, sqlite3_value *model);

/* Opens the query, whose rows will come in blocks of `capacity`; `options` may be NULL. */
athlete_status model_rows_query(model_rows *rows, sqlite3_value *query, sqlite3_value *options,
                                size_t capacity);

/* Reads the next block; ATHLETE_OK with n = 0 at the end. */
athlete_status model_rows_next(model_rows *rows);

void model_rows_close(model_rows *rows);

/* Ends a column with a feature's name: the model's own, or f0, f1, … as XGBoost calls them. */
void model_rows_result_name(sqlite3_context *context, const forest *model, size_t feature);

#endif
