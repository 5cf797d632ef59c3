#include "base/binding/schema_hold.h"

#include <stdbool.h>
#include <stddef.h>

static int schema_hold_file(sqlite3 *db, const char *file, schema_hold *hold) {
    char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\".sqlite_schema LIMIT 1", file);
    if (!sql) return SQLITE_NOMEM;
    sqlite3_stmt **read = &hold->reads[hold->n];
    int rc = sqlite3_prepare_v2(db, sql, -1, read, NULL);
    sqlite3_free(sql);
    if (rc == SQLITE_OK) {
        hold->n++;
        rc = sqlite3_step(*read);
        if (sqlite3_stmt_status(*read, SQLITE_STMTSTATUS_REPREPARE, 0)) rc = SQLITE_SCHEMA;
    }
    /* A file that cannot be read or may not be is the business of whoever asks it for something. */
    return rc == SQLITE_SCHEMA || rc == SQLITE_NOMEM ? rc : SQLITE_OK;
}

int schema_hold_begin(sqlite3 *db, schema_hold *hold) {
    *hold = (schema_hold){.n = 0};
    sqlite3_stmt *files = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA database_list", -1, &files, NULL);
    while (rc == SQLITE_OK && sqlite3_step(files) == SQLITE_ROW && hold->n < SCHEMA_HOLD_FILES) {
        bool is_temporary = sqlite3_column_int(files, 0) == 1; /* this connection's own */
        const char *name = (const char *)sqlite3_column_text(files, 1);
        if (!is_temporary) rc = name ? schema_hold_file(db, name, hold) : SQLITE_NOMEM;
    }
    sqlite3_finalize(files);
    if (rc != SQLITE_OK) schema_hold_end(hold);
    return rc;
}

void schema_hold_end(schema_hold *hold) {
    while (hold->n > 0) sqlite3_finalize(hold->reads[--hold->n]);
}
