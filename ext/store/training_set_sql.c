/* training_set: labels, and to each what was known at its time, from any number of feature groups.
**
**     CREATE VIRTUAL TABLE temp.ts USING training_set('{"labels": "SELECT …", "as_of": "start_time", "lookups": […]}');
**     SELECT * FROM ts;
**
** training_spec_sql.h has the form of the specification, lookup_sql.h the rules of a lookup. The columns are those of the
** labels, then the features of each lookup, then the computed ones, without those that are excluded. There is one row for
** each label, in the order of the query and with the duplicates that it has; where a group knew nothing its features are
** NULL or their defaults. The hidden column row_sources is a JSON list with, for each lookup, the row that was used:
** {"group", "version", "timestamp", "available", "row_id", "superseded"}, or null.
**
** A computed column is an SQL expression over the names of all other columns, excluded ones too. */
#include "store/training_set_sql.h"

#include "base/binding/module_arguments.h"
#include "base/binding/schema_hold.h"
#include "base/memory.h"
#include "store/training_reader_sql.h"

typedef struct set_vtab {
    sqlite3_vtab base; /* must be first */
    training_set set;
    int *declared; /* number of each column of the table among those of the set */
    int n_declared;
} set_vtab;

typedef struct set_cursor {
    sqlite3_vtab_cursor base; /* must be first */
    training_reader reader;
    bool at_row;
} set_cursor;

/* --- the table ------------------------------------------------------------------------------------------ */

static int set_disconnect(sqlite3_vtab *base) {
    set_vtab *vtab = (set_vtab *)base;
    training_set_close(&vtab->set);
    memory_free(NULL, vtab->declared);
    memory_free(NULL, vtab);
    return SQLITE_OK;
}

static int set_declare(set_vtab *vtab, athlete_fault *fault) {
    training_set *set = &vtab->set;
    vtab->declared = memory_alloc(NULL, set->n_columns, sizeof *vtab->declared);
    if (!vtab->declared) return SQLITE_NOMEM;
    sqlite3_str *sql = sqlite3_str_new(set->db);
    sqlite3_str_appendall(sql, "CREATE TABLE x(");
    for (size_t i = 0; i < set->n_columns; i++) {
        const set_column *column = &set->columns[i];
        if (column->excluded) continue;
        const char *affinity = column->origin == FROM_LOOKUP
                                   ? set->lookups[column->lookup].group.columns[column->index].affinity
                                   : "";
        sqlite3_str_appendf(sql, "\"%w\" %s, ", column->name, affinity);
        vtab->declared[vtab->n_declared++] = (int)i;
    }
    sqlite3_str_appendall(sql, "row_sources HIDDEN)");
    char *text = sqlite3_str_finish(sql);
    if (!text) return SQLITE_NOMEM;
    int rc = sqlite3_declare_vtab(set->db, text);
    sqlite3_free(text);
    return status_code(status_of_code(set->db, rc, "", fault));
}

static int set_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                       char **message) {
    const athlete_function *function = aux;
    schema_hold hold;
    athlete_fault fault = {""};
    int rc = schema_hold_begin(db, &hold);
    if (rc != SQLITE_OK) return module_fail(function, message, rc, &fault);
    set_vtab *vtab = memory_zeroed(NULL, 1, sizeof *vtab);
    if (!vtab) {
        schema_hold_end(&hold);
        return SQLITE_NOMEM;
    }
    module_arguments arguments;
    rc = module_arguments_read(&arguments, function, argc, argv, &fault);
    if (rc == SQLITE_OK) rc = training_set_open(&vtab->set, db, function, arguments.texts[0], NULL, &fault);
    if (rc == SQLITE_OK) rc = set_declare(vtab, &fault);
    if (rc == SQLITE_OK) rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
    module_arguments_free(&arguments);
    schema_hold_end(&hold);
    if (rc != SQLITE_OK) rc = module_fail(function, message, rc, &fault);
    if (rc == SQLITE_OK) *out = &vtab->base;
    else set_disconnect(&vtab->base);
    return rc;
}

/* A function of its own, since a module whose xCreate is its xConnect would be a table without being created. */
static int set_create(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                      char **message) {
    return set_connect(db, aux, argc, argv, out, message);
}

/* It is read from its beginning to its end. */
static int set_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
    (void)base;
    info->estimatedRows = 100000;
    info->estimatedCost = 1e6;
    return SQLITE_OK;
}

/* --- the cursor ----------------------------------------------------------------------------------------- */

static int set_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
    set_cursor *cursor = memory_zeroed(NULL, 1, sizeof *cursor);
    if (!cursor) return SQLITE_NOMEM;
    if (!training_reader_open(&cursor->reader, &((set_vtab *)base)->set)) {
        memory_free(NULL, cursor);
        return SQLITE_NOMEM;
    }
    *out = &cursor->base;
    return SQLITE_OK;
}

static int set_close(sqlite3_vtab_cursor *base) {
    set_cursor *cursor = (set_cursor *)base;
    training_reader_close(&cursor->reader);
    memory_free(NULL, cursor);
    return SQLITE_OK;
}

static int set_fail(sqlite3_vtab *base, int rc, const athlete_fault *fault) {
    return module_fail(((set_vtab *)base)->set.function, &base->zErrMsg, rc, fault);
}

static int set_next(sqlite3_vtab_cursor *base) {
    set_cursor *cursor = (set_cursor *)base;
    athlete_fault fault = {""};
    int rc = training_reader_next(&cursor->reader, &fault);
    cursor->at_row = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : set_fail(base->pVtab, rc, &fault);
}

static int set_filter(sqlite3_vtab_cursor *base, int number, const char *name, int argc,
                      sqlite3_value **argv) {
    (void)number, (void)name, (void)argc, (void)argv;
    set_cursor *cursor = (set_cursor *)base;
    cursor->at_row = false;
    athlete_fault fault = {""};
    int rc = training_reader_begin(&cursor->reader, &fault);
    return rc == SQLITE_OK ? set_next(base) : set_fail(base->pVtab, rc, &fault);
}

static int set_eof(sqlite3_vtab_cursor *base) {
    return !((set_cursor *)base)->at_row;
}

static void result_sources(const training_reader *reader, sqlite3_context *context) {
    sqlite3_str *out = sqlite3_str_new(reader->set->db);
    training_reader_write_sources(reader, out);
    function_result_str(context, out);
}

static int set_column_value(sqlite3_vtab_cursor *base, sqlite3_context *context, int number) {
    const training_reader *reader = &((set_cursor *)base)->reader;
    const set_vtab *vtab = (const set_vtab *)base->pVtab;
    if (number >= vtab->n_declared) result_sources(reader, context);
    else training_reader_result(reader, vtab->declared[number], context);
    return SQLITE_OK;
}

static int set_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
    *rowid = ((set_cursor *)base)->reader.row;
    return SQLITE_OK;
}

const sqlite3_module training_set_module = {
    .iVersion = 0,
    .xCreate = set_create,
    .xConnect = set_connect,
    .xBestIndex = set_best_index,
    .xDisconnect = set_disconnect,
    .xDestroy = set_disconnect,
    .xOpen = set_open,
    .xClose = set_close,
    .xFilter = set_filter,
    .xNext = set_next,
    .xEof = set_eof,
    .xColumn = set_column_value,
    .xRowid = set_rowid,
};
