/* A virtual table of training_load's shape that reads and computes nothing: noop_load(athletes, days).
**
** It returns values of the same types and sizes, so storing its rows costs what SQLite costs: the floor that
** tests/bench/training_load.py measures training_load against. */
#include <string.h>
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT1

#ifndef COLUMNS
#error "compile with -DCOLUMNS='\"athlete_id, as_of_date TEXT, ...\"' and -DINTEGERS='\"0001...\"', one character per column"
#endif

typedef struct noop_cursor {
    sqlite3_vtab_cursor base;
    sqlite3_int64 row, rows, days, athlete, day;
    double value;
    char date[11];
} noop_cursor;

static const char integers[] = INTEGERS;

static int noop_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **message) {
    (void)aux, (void)argc, (void)argv, (void)message;
    *out = sqlite3_malloc(sizeof **out);
    if (!*out) return SQLITE_NOMEM;
    memset(*out, 0, sizeof **out);
    return sqlite3_declare_vtab(db, "CREATE TABLE x(" COLUMNS ", athletes HIDDEN, days HIDDEN)");
}

static int noop_disconnect(sqlite3_vtab *vtab) {
    sqlite3_free(vtab);
    return SQLITE_OK;
}

static int noop_best_index(sqlite3_vtab *vtab, sqlite3_index_info *info) {
    (void)vtab;
    int columns = (int)strlen(integers);
    for (int i = 0; i < info->nConstraint; i++) {
        if (info->aConstraint[i].iColumn < columns || !info->aConstraint[i].usable) continue;
        info->aConstraintUsage[i].argvIndex = info->aConstraint[i].iColumn - columns + 1;
        info->aConstraintUsage[i].omit = 1;
    }
    info->estimatedRows = 1000000;
    return SQLITE_OK;
}

static int noop_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **out) {
    (void)vtab;
    noop_cursor *cursor = sqlite3_malloc(sizeof *cursor);
    if (!cursor) return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static int noop_close(sqlite3_vtab_cursor *cursor) {
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int noop_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc, sqlite3_value **argv) {
    (void)number, (void)text;
    noop_cursor *cursor = (noop_cursor *)base;
    if (argc != 2) return SQLITE_ERROR;
    cursor->days = sqlite3_value_int64(argv[1]);
    cursor->rows = sqlite3_value_int64(argv[0]) * cursor->days;
    cursor->row = cursor->day = 0;
    cursor->athlete = 1;
    cursor->value = 61.53846153846154;
    memcpy(cursor->date, "2018-01-01", 11);
    return SQLITE_OK;
}

static int noop_next(sqlite3_vtab_cursor *base) {
    noop_cursor *cursor = (noop_cursor *)base;
    cursor->row++;
    if (++cursor->day == cursor->days) {
        cursor->day = 0;
        cursor->athlete++;
    }
    cursor->date[9] = (char)('0' + cursor->day % 10);
    return SQLITE_OK;
}

static int noop_eof(sqlite3_vtab_cursor *base) {
    return ((noop_cursor *)base)->row >= ((noop_cursor *)base)->rows;
}

static int noop_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
    noop_cursor *cursor = (noop_cursor *)base;
    if (column == 0) sqlite3_result_int64(context, cursor->athlete);
    else if (column == 1) sqlite3_result_text(context, cursor->date, 10, SQLITE_TRANSIENT);
    else if (integers[column] == '1') sqlite3_result_int64(context, column);
    else sqlite3_result_double(context, cursor->value);
    return SQLITE_OK;
}

static int noop_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
    *rowid = ((noop_cursor *)base)->row;
    return SQLITE_OK;
}

static const sqlite3_module noop_module = {
    .xConnect = noop_connect,
    .xBestIndex = noop_best_index,
    .xDisconnect = noop_disconnect,
    .xOpen = noop_open,
    .xClose = noop_close,
    .xFilter = noop_filter,
    .xNext = noop_next,
    .xEof = noop_eof,
    .xColumn = noop_column,
    .xRowid = noop_rowid,
};

int sqlite3_noop_init(sqlite3 *db, char **message, const sqlite3_api_routines *api) {
    (void)message;
    SQLITE_EXTENSION_INIT2(api);
    return sqlite3_create_module_v2(db, "noop_load", &noop_module, NULL, NULL);
}
