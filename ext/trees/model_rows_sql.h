/* What the functions of a model and a query share: the model parsed, the query's rows read in blocks as the floats that
** the model compares. The first column of the query is the key, the others are features. */
#ifndef ATHLETE_TREES_MODEL_ROWS_SQL_H
#define ATHLETE_TREES_MODEL_ROWS_SQL_H

#include "base/function.h"
#include "trees/model.h"

typedef struct model_rows {
    athlete_budget budget;
    athlete_poll poll;
    forest model;
    sqlite3_stmt *query;
    int *columns; /* per feature: its column of the query */
    size_t capacity;
    sqlite3_int64 n_read; /* rows so far */
    bool at_end;          /* a statement that is stepped after its end begins again */

    /* the block */
    size_t n;
    sqlite3_value **keys;
    float *features; /* n x n_features, NaN where missing */
    double *given;   /* the same before rounding to float32; a category's number for a text */
} model_rows;

/* Parses the model. Close with model_rows_close also after a failure. */
athlete_status model_rows_open(athlete_call *call, model_rows *rows, sqlite3_value *model);

/* Opens the query, whose rows will come in blocks of `capacity`. Columns are features by name if the model has names and
** the query's columns have all of them, else by position. */
athlete_status model_rows_query(athlete_call *call, model_rows *rows, sqlite3_value *query, size_t capacity);

/* Reads the next block; ATHLETE_OK with n = 0 at the end. */
athlete_status model_rows_next(athlete_call *call, model_rows *rows);

void model_rows_close(model_rows *rows);

/* Ends a column with a feature's name: the model's own, or f0, f1, … as XGBoost calls them. */
void model_rows_result_name(sqlite3_context *context, const forest *model, size_t feature);

#endif
