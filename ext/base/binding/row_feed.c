#include "base/binding/row_feed.h"

#include <limits.h>
#include <string.h>
#include "base/own_statement.h"

#define POINTER_TYPE "athlete_row_feed"

void row_feed_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    row_feed *feed = sqlite3_value_pointer(argv[0], POINTER_TYPE);
    if (!feed || argc < 2) return;
    bool complete = ++feed->parts_taken == feed->n_parts;
    if (complete) feed->parts_taken = 0;
    if (feed->take(feed->reader, sqlite3_value_int(argv[1]), argc - 2, argv + 2, complete))
        feed->paused = true;
    sqlite3_result_int(context, feed->paused);
}

/* Where the call of row_feed stands. As a result column, it is made for the rows that come out, but before they are
** sorted, if they are. As the condition of a query around the query it is made afterwards, and the LIMIT that does not
** limit keeps SQLite from making the two queries one; but every value is copied once more on the way. */
typedef enum feed_form { AS_RESULT, AS_CONDITION } feed_form;

typedef struct feed_query {
    const char *sql;
    int length, n_columns;
    const int *column;
    int n, part; /* columns in all and in one call */
} feed_query;

static char *wrapped(const feed_query *q, feed_form form, const char *prefix) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "%sWITH \"row feed\"(", prefix);
    for (int i = 0; i < q->n_columns; i++) sqlite3_str_appendf(out, "%sc%d", i > 0 ? "," : "", i);
    sqlite3_str_appendf(out, ") AS (%.*s\n) SELECT ", q->length, q->sql);
    if (form == AS_CONDITION)
        sqlite3_str_appendall(out, "1 FROM (SELECT * FROM \"row feed\" LIMIT -1) WHERE ");
    for (int i = 0; i < q->n; i++) {
        if (i % q->part == 0) sqlite3_str_appendf(out, "%srow_feed(?1,%d", i > 0 ? ")+" : "", i);
        sqlite3_str_appendf(out, ",c%d", q->column ? q->column[i] : i);
    }
    sqlite3_str_appendall(out, form == AS_CONDITION ? ")" : ") FROM \"row feed\"");
    return sqlite3_str_finish(out);
}

static int row_feed_prepare(sqlite3 *db, const feed_query *q, feed_form form, const char *prefix,
                            sqlite3_stmt **out) {
    char *sql = wrapped(q, form, prefix);
    if (!sql) return SQLITE_NOMEM;
    int rc = own_prepare(db, sql, out, NULL);
    sqlite3_free(sql);
    return rc;
}

/* Whether rows come out as they are found: the plan has nothing but scans and searches. Whatever else a version of SQLite
** says there, such as that it sorts, is taken for no. */
static bool is_plain_loop(sqlite3 *db, const feed_query *q) {
    sqlite3_stmt *plan = NULL;
    bool plain = row_feed_prepare(db, q, AS_RESULT, "EXPLAIN QUERY PLAN ", &plan) == SQLITE_OK;
    int rc = SQLITE_DONE;
    while (plain && (rc = sqlite3_step(plan)) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(plan, 3);
        plain = detail && (strncmp(detail, "SCAN ", 5) == 0 || strncmp(detail, "SEARCH ", 7) == 0);
    }
    sqlite3_finalize(plan);
    return plain && rc == SQLITE_DONE;
}

athlete_status row_feed_open(sqlite3 *db, sqlite3_stmt *query, const int *column, int n, row_feed *feed,
                             athlete_fault *fault) {
    feed_query q = {.sql = sqlite3_sql(query), /* the one statement, with its semicolon */
                    .n_columns = sqlite3_column_count(query),
                    .column = column,
                    .n = n,
                    .part = sqlite3_limit(db, SQLITE_LIMIT_FUNCTION_ARG, -1) - 2};
    if (q.part < 1) {
        return fault_refuse(fault, "this connection allows too few arguments of a function");
    }
    size_t length = strlen(q.sql);
    if (length > 0 && q.sql[length - 1] == ';') length--;
    if (length > INT_MAX) return ATHLETE_NOMEM;
    q.length = (int)length;
    feed->n_parts = (n + q.part - 1) / q.part;
    feed->parts_taken = 0;
    feed->db = db;
    int rc = row_feed_prepare(db, &q, is_plain_loop(db, &q) ? AS_RESULT : AS_CONDITION, "", &feed->statement);
    if (rc == SQLITE_OK) rc = sqlite3_bind_pointer(feed->statement, 1, feed, POINTER_TYPE, NULL);
    return status_of_code(db, rc, "the query cannot be run: ", fault);
}

int row_feed_step(row_feed *feed) {
    int rc;
    feed->paused = false;
    do {
        rc = sqlite3_step(feed->statement);
    } while (rc == SQLITE_ROW && !feed->paused);
    return rc;
}

void row_feed_close(row_feed *feed) {
    own_finalize(feed->db, &feed->statement);
}
