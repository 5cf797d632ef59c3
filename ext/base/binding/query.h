/* A caller's query: the text of one read-only SELECT, run on the caller's connection with the caller's rights. */
#ifndef ATHLETE_BASE_BINDING_QUERY_H
#define ATHLETE_BASE_BINDING_QUERY_H

#include "base/binding/function.h"

/* Ends the arguments of a table-valued function whose query has parameters. */
#define ATHLETE_QUERY_VALUE(n)                                                                               \
    { "value" #n, ATHLETE_ANY, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0, "of its parameter ?" #n }
#define ATHLETE_QUERY_VALUES                                                                                 \
    ATHLETE_QUERY_VALUE(1), ATHLETE_QUERY_VALUE(2), ATHLETE_QUERY_VALUE(3), ATHLETE_QUERY_VALUE(4)

/* Prepares the query, or says why it is refused. The statement is the caller's
** to finalize before the call that needed it ends: one that outlived it would keep the connection busy. What a cursor
** keeps from one row to the next, it finalizes with own_finalize, and `statement` must not move.
** `columns` is how many result columns are expected at least; `form` names them for the message. */
athlete_status query_open(sqlite3 *db, const char *sql, int columns, const char *form,
                          sqlite3_stmt **statement, athlete_fault *fault);

/* The same, of exactly so many columns, for the rows in another order: `head` names the columns ("NULL AS athlete, 0, …") for it. */
athlete_status query_open_in_order(sqlite3 *db, const char *sql, int columns, const char *form,
                                   const char *head, const char *order, sqlite3_stmt **statement,
                                   athlete_fault *fault);

/* The column of that name after the first; else that which differs in case alone; 0 if there is none, -1 if there are
** several. */
int query_column(sqlite3_stmt *query, const char *name);

/* The same for a query with parameters ?1 … of at most `n_values`, which are bound. */
athlete_status query_open_values(sqlite3 *db, const char *sql, int columns, const char *form, int n_values,
                                 sqlite3_value **values, sqlite3_stmt **statement, athlete_fault *fault);

/* Begins what query_open_values has opened once more, with other values; false when it is of another text, or they cannot be
** bound. */
bool query_again(sqlite3 *db, const char *sql, int n_values, sqlite3_value **values,
                 sqlite3_stmt **statement);

/* Records that stepping a caller's query failed with `code`; returns what `next` must return. */
int query_fail(athlete_call *call, int code);

#endif
