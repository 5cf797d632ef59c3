/* asof: a feature group as it was known at a moment, one row for each request.
**
**     CREATE VIRTUAL TABLE temp.rolling USING asof(athlete_rolling_features, lookback='90 days');
**     SELECT r.*, f.ctl_42d, f.row_age_days
**     FROM races AS r
**     LEFT JOIN rolling AS f ON f.athlete_id = r.athlete_id AND f.as_of = r.start_time;
**
** The columns are those of the group's table; what is not asked for is not read. Hidden columns: as_of, the moment of the
** request, and of the answer row_timestamp, row_available, row_superseded (NULL for a current row), row_age_days and
** row_id, and row_found_by, 'seek' or 'merge'. lookup_sql.h has the rules. Every key must be given by =, and so must as_of where it is given; without it
** the lookup is as of now, by SQLite's clock, one moment for all of a query.
**
** Nothing is written: the lookup reads through the caller's connection and authorizer.
**
** A plan is what xBestIndex has found; idxNum is its number. Plans and their statements belong to the virtual table and
** stay until it is dropped or the connection closes, so that a query that runs again prepares nothing. */
#include "store/lookup/asof_sql.h"

#include "base/binding/module_arguments.h"
#include "base/binding/schema_hold.h"
#include "base/memory.h"
#include "store/lookup/asof_table_sql.h"
#include "store/lookup/group_sql.h"

/* The declared arguments, in the order of store_sql.c. */
enum {
    ARG_GROUP,
    ARG_ENTITY,
    ARG_TIMESTAMP,
    ARG_AVAILABLE,
    ARG_LOOKBACK,
    ARG_STRICT,
    ARG_IGNORE_NULLS,
    ARG_BACKFILL,
    ARG_HISTORY
};

static const char *const hidden_names[HIDDEN_COUNT] = {
    "as_of", "row_timestamp", "row_available", "row_superseded", "row_age_days", "row_id", "row_found_by"};

static int asof_disconnect(sqlite3_vtab *base) {
    asof_vtab *vtab = (asof_vtab *)base;
    asof_forget_plans(vtab);
    asof_cursor_free(vtab->spare);
    group_close(&vtab->group);
    memory_free(NULL, vtab);
    return SQLITE_OK;
}

static int asof_declare(const asof_vtab *vtab, athlete_fault *fault) {
    const feature_group *group = &vtab->group;
    sqlite3_str *sql = sqlite3_str_new(group->db);
    sqlite3_str_appendall(sql, "CREATE TABLE x(");
    for (int i = 0; i < group->n_columns; i++) {
        const group_column *column = &group->columns[i];
        sqlite3_str_appendf(sql, "\"%w\" %s", column->name, column->affinity);
        if (column->collation) sqlite3_str_appendf(sql, " COLLATE %s", column->collation);
        sqlite3_str_appendall(sql, ", ");
    }
    for (int i = 0; i < HIDDEN_COUNT; i++) {
        if (group_column_named(group, hidden_names[i]) >= 0) {
            sqlite3_free(sqlite3_str_finish(sql));
            return status_code(fault_refuse(fault, "%s has a column %s, which is a name of the lookup's own",
                                            group->sources[GROUP_CURRENT].table, hidden_names[i]));
        }
        sqlite3_str_appendf(sql, "%s%s HIDDEN", i ? ", " : "", hidden_names[i]);
    }
    sqlite3_str_appendall(sql, ")");
    char *text = sqlite3_str_finish(sql);
    if (!text) return SQLITE_NOMEM;
    int rc = sqlite3_declare_vtab(group->db, text);
    sqlite3_free(text);
    return status_code(status_of_code(group->db, rc, "", fault));
}

static int read_rules(const module_arguments *arguments, lookup_rules *rules, athlete_fault *fault) {
    int strict = module_flag(arguments, ARG_STRICT, 0, fault);
    int ignore_nulls = strict < 0 ? -1 : module_flag(arguments, ARG_IGNORE_NULLS, 0, fault);
    int backfill = ignore_nulls < 0 ? -1 : module_flag(arguments, ARG_BACKFILL, 0, fault);
    if (backfill < 0) return SQLITE_ERROR;
    *rules = (lookup_rules){.strict = strict, .ignore_nulls = ignore_nulls, .backfill = backfill};
    return SQLITE_OK;
}

static int asof_open_group(asof_vtab *vtab, sqlite3 *db, const module_arguments *arguments,
                           athlete_fault *fault) {
    char *const *texts = arguments->texts;
    group_names names = {.group = texts[ARG_GROUP],
                         .entity = texts[ARG_ENTITY],
                         .timestamp = texts[ARG_TIMESTAMP],
                         .available = texts[ARG_AVAILABLE],
                         .lookback = texts[ARG_LOOKBACK],
                         .history = texts[ARG_HISTORY],
                         .needs_available = !vtab->rules.backfill};
    return group_open(&vtab->group, db, &names, fault);
}

static int asof_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                        char **message) {
    schema_hold hold;
    athlete_fault fault = {""};
    int rc = schema_hold_begin(db, &hold);
    if (rc != SQLITE_OK) return module_fail(aux, message, rc, &fault);
    asof_vtab *vtab = memory_zeroed(NULL, 1, sizeof *vtab);
    if (!vtab) {
        schema_hold_end(&hold);
        return SQLITE_NOMEM;
    }
    vtab->function = aux;
    module_arguments arguments;
    rc = module_arguments_read(&arguments, vtab->function, argc, argv, &fault);
    if (rc == SQLITE_OK) rc = read_rules(&arguments, &vtab->rules, &fault);
    if (rc == SQLITE_OK) rc = asof_open_group(vtab, db, &arguments, &fault);
    if (rc == SQLITE_OK) rc = asof_declare(vtab, &fault);
    if (rc == SQLITE_OK) rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
    module_arguments_free(&arguments);
    schema_hold_end(&hold);
    if (rc != SQLITE_OK) rc = module_fail(vtab->function, message, rc, &fault);
    if (rc == SQLITE_OK) *out = &vtab->base;
    else asof_disconnect(&vtab->base);
    return rc;
}

/* A function of its own, since a module whose xCreate is its xConnect would be a table without being created. */
static int asof_create(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                       char **message) {
    return asof_connect(db, aux, argc, argv, out, message);
}

const sqlite3_module asof_module = {
    .iVersion = 0,
    .xCreate = asof_create,
    .xConnect = asof_connect,
    .xBestIndex = asof_best_index,
    .xDisconnect = asof_disconnect,
    .xDestroy = asof_disconnect,
    .xOpen = asof_open,
    .xClose = asof_close,
    .xFilter = asof_filter,
    .xNext = asof_next,
    .xEof = asof_eof,
    .xColumn = asof_column,
    .xRowid = asof_rowid,
};
