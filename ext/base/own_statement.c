#include "base/own_statement.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define MARK_SIZE 48

static void write_mark(char *mark, sqlite3_stmt **own) {
    sqlite3_snprintf(MARK_SIZE, mark, "/* athlete %p */ ", (void *)own);
}

/* A short text is put together without memory of its own: where there is none, SQLite shall be the one to say so. */
int own_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **own, const char **tail) {
    char mark[MARK_SIZE], small[2 * MARK_SIZE];
    const char *end = NULL;
    *own = NULL;
    write_mark(mark, own);
    bool is_small = strlen(mark) + strlen(sql) < sizeof small;
    char *marked = is_small ? sqlite3_snprintf((int)sizeof small, small, "%s%s", mark, sql)
                            : sqlite3_mprintf("%s%s", mark, sql);
    if (!marked) return SQLITE_NOMEM;
    int rc = sqlite3_prepare_v2(db, marked, -1, own, &end);
    if (tail && end) *tail = sql + (end - marked - (ptrdiff_t)strlen(mark));
    if (!is_small) sqlite3_free(marked);
    return rc;
}

const char *own_sql(sqlite3 *db, sqlite3_stmt **own) {
    char mark[MARK_SIZE];
    write_mark(mark, own);
    for (sqlite3_stmt *each = *own ? sqlite3_next_stmt(db, NULL) : NULL; each;
         each = sqlite3_next_stmt(db, each)) {
        if (each != *own) continue;
        const char *sql = sqlite3_sql(each);
        return sql && strncmp(sql, mark, strlen(mark)) == 0 ? sql + strlen(mark) : NULL;
    }
    return NULL;
}

void own_finalize(sqlite3 *db, sqlite3_stmt **own) {
    if (own_sql(db, own)) sqlite3_finalize(*own);
    *own = NULL;
}
