/* Which column of a query is which feature of a model. */
#ifndef ATHLETE_TREES_SCORE_COLUMNS_SQL_H
#define ATHLETE_TREES_SCORE_COLUMNS_SQL_H

#include "base/sqlite.h"
#include "trees/model/model.h"

typedef enum column_match { MATCH_DEFAULT = -1, MATCH_NAME, MATCH_POSITION } column_match;

/* The columns of a query as key, feature 0, feature 1, …: n_features + 1 numbers (memory_free them). The key is the
** first column. By name, the default for a model that has feature names, each feature is the column of its name, first
** to the letter and then without regard to case, wherever it stands, and other columns are not read; by
** position, the columns after the key are the features. What is wrong is said in `fault`. */
athlete_status score_columns(const forest *model, sqlite3_stmt *query, column_match match, int **columns,
                             athlete_fault *fault);

#endif
