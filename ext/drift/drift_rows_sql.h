/* The values of one column in the two samples, as they come from SQL. */
#ifndef ATHLETE_DRIFT_DRIFT_ROWS_SQL_H
#define ATHLETE_DRIFT_DRIFT_ROWS_SQL_H

#include "base/sqlite.h"
#include "drift/category_counts.h"
#include "drift/two_samples.h"

typedef enum drift_side { DRIFT_CURRENT, DRIFT_REFERENCE } drift_side;

/* All zeros when empty, but for the budget's limit. */
typedef struct drift_rows {
    double *numbers[2]; /* by side */
    size_t n_numbers[2], capacity[2];
    category_counts texts, blobs;
    cell missing;
} drift_rows;

athlete_status drift_rows_add(athlete_budget *budget, drift_rows *rows, drift_side side,
                              sqlite3_value *value);
void drift_rows_free(athlete_budget *budget, drift_rows *rows);

/* Sorts the numbers; before any of what follows. */
athlete_status drift_rows_sort(athlete_budget *budget, athlete_poll *poll, drift_rows *rows);
sample drift_rows_numbers(const drift_rows *rows, drift_side side);

/* Adds all values, what is missing being a cell of its own, and `bins` as in cells_of_numbers. */
athlete_status drift_rows_cells(athlete_budget *budget, athlete_poll *poll, const drift_rows *rows,
                                size_t bins, cell_list *list);

#endif
