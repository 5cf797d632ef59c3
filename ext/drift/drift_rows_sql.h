/* The values of one column in the two samples, as they come from SQL. */
#ifndef ATHLETE_DRIFT_DRIFT_ROWS_SQL_H
#define ATHLETE_DRIFT_DRIFT_ROWS_SQL_H

#include "base/binding/function.h"
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

/* A value of a caller's query, of its row counted from 1, that must be a finite number; and two queries of unlike columns. */
athlete_status drift_number(athlete_call *call, sqlite3_value *value, sqlite3_int64 row, drift_side side,
                            double *out);
athlete_status drift_refuse_columns(athlete_call *call, int reference, int current);

/* The same for a value of a caller's query, counted in n by side; of numbers alone what is NULL does not count, and what is none is
** refused. */
athlete_status drift_rows_take(athlete_call *call, athlete_budget *budget, drift_rows *rows,
                               sqlite3_int64 n[2], drift_side side, sqlite3_value *value, bool numbers);

/* Why nothing can be said of so many values, or NULL. */
const char *drift_rows_reason(const sqlite3_int64 n[2]);

void drift_rows_free(athlete_budget *budget, drift_rows *rows);

/* Empties them, and keeps the room for as many numbers. */
void drift_rows_clear(athlete_budget *budget, drift_rows *rows);

/* Sorts the numbers; before any of what follows. */
athlete_status drift_rows_sort(athlete_budget *budget, athlete_poll *poll, drift_rows *rows);
sample drift_rows_numbers(const drift_rows *rows, drift_side side);

/* Adds all values, what is missing being a cell of its own, and `bins` as in cells_of_numbers. */
athlete_status drift_rows_cells(athlete_budget *budget, athlete_poll *poll, const drift_rows *rows,
                                size_t bins, cell_list *list);

#endif
