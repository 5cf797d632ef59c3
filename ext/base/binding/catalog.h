/* Asking SQLite about tables, and saying what is wrong with the answer. */
#ifndef ATHLETE_BASE_BINDING_CATALOG_H
#define ATHLETE_BASE_BINDING_CATALOG_H

#include <stdbool.h>
#include "base/fault.h"
#include "base/sqlite.h"

/* Prepares a statement from a format of SQLite's (%w, %Q); on failure the error is said. */
int catalog_ask(sqlite3 *db, sqlite3_stmt **statement, athlete_fault *fault, const char *format, ...);

/* Finalizes a statement whose last step gave `rc`: SQLITE_OK after a row or the last row, or else the error, said. */
int catalog_ended(sqlite3 *db, sqlite3_stmt *statement, int rc, athlete_fault *fault);

/* A result as text, empty for NULL. */
const char *catalog_text(sqlite3_stmt *statement, int column);

char *catalog_copy(const char *text); /* NULL when memory is short */

typedef struct catalog_table {
    char *schema; /* NULL: there is none of that name */
    char *name;
    bool is_table; /* and no view or virtual table */
    bool has_rowid;
} catalog_table;

/* An unqualified name means temp's table before main's before those of attached files, as in any query; with `schema`
** only that one is looked at. */
int catalog_find(sqlite3 *db, const char *schema, const char *name, catalog_table *found,
                 athlete_fault *fault);
void catalog_forget(catalog_table *found);

#endif
