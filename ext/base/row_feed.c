#include "base/row_feed.h"

#include <limits.h>
#include <string.h>

#define POINTER_TYPE "athlete_row_feed"

void row_feed_function(sqlite3_context *context, int argc, sqlite3_value **argv) {
    row_feed *feed = sqlite3_value_pointer(argv[0], POINTER_TYPE);
    if (!feed || argc < 2) return;
    bool complete = ++feed->parts_taken == feed->n_parts;
    if (complete) feed->parts_taken = 0;
    sqlite3_result_int(context,
                       feed->take(feed->reader, sqlite3_value_int(argv[1]), argc - 2, argv + 2, complete));
}

/* The LIMIT that does not limit keeps SQLite from moving the WHERE into the query, where it could be asked before
** the rows are sorted. */
static char *wrapped(const char *sql, int length, int n_columns, const int *column, int n, int part) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendall(out, "WITH \"row feed\"(");
    for (int i = 0; i < n_columns; i++) sqlite3_str_appendf(out, "%sc%d", i > 0 ? "," : "", i);
    sqlite3_str_appendf(out, ") AS (%.*s\n) SELECT 1 FROM (SELECT * FROM \"row feed\" LIMIT -1) WHERE",
                        length, sql);
    for (int i = 0; i < n; i++) {
        if (i % part == 0) sqlite3_str_appendf(out, "%s row_feed(?1,%d", i > 0 ? ") +" : "", i);
        sqlite3_str_appendf(out, ",c%d", column ? column[i] : i);
    }
    sqlite3_str_appendall(out, ")");
    return sqlite3_str_finish(out);
}

athlete_status row_feed_open(sqlite3 *db, sqlite3_stmt *query, const int *column, int n, row_feed *feed,
                             char **message) {
    *message = NULL;
    int part = sqlite3_limit(db, SQLITE_LIMIT_FUNCTION_ARG, -1) - 2;
    if (part < 1) {
        *message = sqlite3_mprintf("this connection allows too few arguments of a function");
        return *message ? ATHLETE_INVALID : ATHLETE_NOMEM;
    }
    const char *text = sqlite3_sql(query); /* the one statement, with its semicolon */
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] == ';') length--;
    char *sql =
        length > INT_MAX ? NULL : wrapped(text, (int)length, sqlite3_column_count(query), column, n, part);
    if (!sql) return ATHLETE_NOMEM;
    feed->n_parts = (n + part - 1) / part;
    feed->parts_taken = 0;
    int rc = sqlite3_prepare_v2(db, sql, -1, &feed->statement, NULL);
    sqlite3_free(sql);
    if (rc == SQLITE_OK) rc = sqlite3_bind_pointer(feed->statement, 1, feed, POINTER_TYPE, NULL);
    if (rc == SQLITE_OK) return ATHLETE_OK;
    if (rc == SQLITE_NOMEM) return ATHLETE_NOMEM;
    if (rc == SQLITE_INTERRUPT) return ATHLETE_INTERRUPTED;
    *message = sqlite3_mprintf("the query cannot be run: %s", sqlite3_errmsg(db));
    return *message ? ATHLETE_INVALID : ATHLETE_NOMEM;
}

int row_feed_step(row_feed *feed) {
    return sqlite3_step(feed->statement);
}

void row_feed_close(row_feed *feed) {
    sqlite3_finalize(feed->statement);
    feed->statement = NULL;
}
