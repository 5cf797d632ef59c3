#include "base/binding/catalog.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

/* The code stays what it is: one of a busy database is not an error like any. */
static int say_error(sqlite3 *db, int rc, athlete_fault *fault) {
    if (rc != SQLITE_NOMEM && rc != SQLITE_INTERRUPT) fault_refuse(fault, "%s", sqlite3_errmsg(db));
    return rc;
}

int catalog_ask(sqlite3 *db, sqlite3_stmt **statement, athlete_fault *fault, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *sql = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    *statement = NULL;
    if (!sql) return SQLITE_NOMEM;
    int rc = sqlite3_prepare_v2(db, sql, -1, statement, NULL);
    sqlite3_free(sql);
    return rc == SQLITE_OK ? rc : say_error(db, rc, fault);
}

int catalog_ended(sqlite3 *db, sqlite3_stmt *statement, int rc, athlete_fault *fault) {
    if (rc == SQLITE_DONE || rc == SQLITE_ROW) rc = SQLITE_OK;
    else if (rc != SQLITE_OK) rc = say_error(db, rc, fault);
    sqlite3_finalize(statement);
    return rc;
}

const char *catalog_text(sqlite3_stmt *statement, int column) {
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

char *catalog_copy(const char *text) {
    return sqlite3_mprintf("%s", text);
}

/* The order in which SQLite resolves a name. */
static int schema_rank(const char *schema) {
    return strcmp(schema, "temp") == 0 ? 0 : strcmp(schema, "main") == 0 ? 1 : 2;
}

static void catalog_replace(catalog_table *found, catalog_table by) {
    catalog_forget(found);
    *found = by;
}

/* A table WITHOUT ROWID is the index of its own name. */
static int ask_rowid(sqlite3 *db, catalog_table *found, athlete_fault *fault) {
    sqlite3_stmt *index;
    int rc = catalog_ask(db, &index, fault, "PRAGMA \"%w\".index_xinfo(%Q)", found->schema, found->name);
    if (rc != SQLITE_OK) return rc;
    rc = sqlite3_step(index);
    found->has_rowid = rc == SQLITE_DONE;
    return catalog_ended(db, index, rc, fault);
}

/* Leaves `found` as it is where the schema has none of that name. */
static int find_in_schema(sqlite3 *db, const char *schema, const char *name, catalog_table *found,
                          athlete_fault *fault) {
    sqlite3_stmt *row;
    int rc = catalog_ask(db, &row, fault,
                         "SELECT name, type = 'table' AND rootpage > 0 FROM \"%w\".sqlite_schema"
                         " WHERE type IN ('table', 'view') AND name = %Q COLLATE NOCASE",
                         schema, name);
    if (rc != SQLITE_OK) return rc;
    if ((rc = sqlite3_step(row)) == SQLITE_ROW) {
        catalog_replace(found, (catalog_table){catalog_copy(schema), catalog_copy(catalog_text(row, 0)),
                                               sqlite3_column_int(row, 1) != 0, true});
        if (!found->schema || !found->name) rc = SQLITE_NOMEM;
    }
    bool is_there = rc == SQLITE_ROW;
    rc = catalog_ended(db, row, rc, fault);
    return rc == SQLITE_OK && is_there && found->is_table ? ask_rowid(db, found, fault) : rc;
}

/* What no schema tells of itself: sqlite_schema, and what a module has without being asked for. SQLite compiles every view
** there is before it answers. */
static int find_listed(sqlite3 *db, const char *schema, const char *name, catalog_table *found,
                       athlete_fault *fault) {
    sqlite3_stmt *list;
    int rc = catalog_ask(db, &list, fault, "PRAGMA table_list(%Q)", name);
    if (rc != SQLITE_OK) return rc;
    int best = INT_MAX;
    while ((rc = sqlite3_step(list)) == SQLITE_ROW) {
        const char *of = catalog_text(list, 0), *kind = catalog_text(list, 2);
        int rank = schema_rank(of);
        if (rank >= best || (schema && sqlite3_stricmp(of, schema) != 0)) continue;
        best = rank;
        catalog_replace(found, (catalog_table){catalog_copy(of), catalog_copy(catalog_text(list, 1)),
                                               strcmp(kind, "table") == 0 || strcmp(kind, "shadow") == 0,
                                               !sqlite3_column_int(list, 4)});
        if (!found->schema || !found->name) {
            rc = SQLITE_NOMEM;
            break;
        }
    }
    return catalog_ended(db, list, rc, fault);
}

int catalog_find(sqlite3 *db, const char *schema, const char *name, catalog_table *found,
                 athlete_fault *fault) {
    *found = (catalog_table){NULL, NULL, false, false};
    sqlite3_stmt *list;
    int rc = catalog_ask(db, &list, fault, "PRAGMA database_list");
    if (rc != SQLITE_OK) return rc;
    int best = INT_MAX;
    while ((rc = sqlite3_step(list)) == SQLITE_ROW) {
        const char *of = catalog_text(list, 1);
        int rank = schema_rank(of);
        if (rank >= best || (schema && sqlite3_stricmp(of, schema) != 0)) continue;
        if ((rc = find_in_schema(db, of, name, found, fault)) != SQLITE_OK) break;
        if (found->schema) best = schema_rank(found->schema);
    }
    rc = catalog_ended(db, list, rc, fault);
    return rc == SQLITE_OK && !found->schema ? find_listed(db, schema, name, found, fault) : rc;
}

void catalog_forget(catalog_table *found) {
    sqlite3_free(found->schema);
    sqlite3_free(found->name);
}
