/* The rows of a caller's query, read at the speed of a function call.
**
** Asking a statement for each column of each row takes the connection's lock three times per value, which is most of the
** time of a wide query. SQLite hands values to an SQL function without any of it, so the query is put inside
**
**   SELECT row_feed(reader, column, column, …) FROM (query)
**
** whose only function gives each row to a reader in C, in the order of the query. */
#ifndef ATHLETE_BASE_BINDING_ROW_FEED_H
#define ATHLETE_BASE_BINDING_ROW_FEED_H

#include "base/binding/function.h"

typedef struct row_feed {
    void *reader;

    /* Takes the values of columns first, first + 1, …; true to pause after this row. A row of more columns than a
    ** function may have arguments comes in several parts, and `complete` is true with the last of them. */
    bool (*take)(void *reader, int first, int n, sqlite3_value **values, bool complete);

    sqlite3 *db;
    sqlite3_stmt *statement;
    int n_parts, parts_taken;
    bool paused;
} row_feed;

/* Prepares the reading of `n` columns of the query that `query` is prepared from; column[i] is the number of the
** column that the reader knows as i, and NULL means as they are. The feed must not move. What is wrong is said as by
** query_open. */
athlete_status row_feed_open(sqlite3 *db, sqlite3_stmt *query, const int *column, int n, row_feed *feed,
                             athlete_fault *fault);

/* Reads until the reader pauses (SQLITE_ROW) or there are no more rows (SQLITE_DONE); else an error code. */
int row_feed_step(row_feed *feed);
void row_feed_close(row_feed *feed);

/* The function inside. */
void row_feed_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

#endif
