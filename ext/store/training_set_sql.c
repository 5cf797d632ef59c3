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

#include <string.h>
#include "base/binding/module_arguments.h"
#include "base/binding/schema_hold.h"
#include "base/memory.h"
#include "base/numbers/decimal.h"
#include "base/own_statement.h"
#include "store/statement/json_row_sql.h"
#include "store/training_columns_sql.h"

typedef struct set_vtab {
    sqlite3_vtab base; /* must be first */
    training_set set;
    int *declared; /* number of each column of the table among those of the set */
    int n_declared;
} set_vtab;

typedef struct set_cursor {
    sqlite3_vtab_cursor base; /* must be first */
    sqlite3_stmt *labels;
    sqlite3_stmt *expressions;
    asof_lookup **lookups;
    sqlite3_int64 row;
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
    int rc = schema_hold_begin(db, &hold);
    if (rc != SQLITE_OK) return rc;
    set_vtab *vtab = memory_zeroed(NULL, 1, sizeof *vtab);
    if (!vtab) {
        schema_hold_end(&hold);
        return SQLITE_NOMEM;
    }
    module_arguments arguments;
    athlete_fault fault = {""};
    rc = module_arguments_read(&arguments, function, argc, argv, &fault);
    if (rc == SQLITE_OK) rc = training_set_open(&vtab->set, db, function, arguments.texts[0], &fault);
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
    const training_set *set = &((set_vtab *)base)->set;
    set_cursor *cursor = memory_zeroed(NULL, 1, sizeof *cursor);
    if (!cursor) return SQLITE_NOMEM;
    cursor->lookups = memory_zeroed(NULL, (size_t)set->spec.n_lookups, sizeof(asof_lookup *));
    if (!cursor->lookups) {
        memory_free(NULL, cursor);
        return SQLITE_NOMEM;
    }
    *out = &cursor->base;
    return SQLITE_OK;
}

/* Finalizes what the last reading has left. */
static void cursor_end(set_cursor *cursor, const training_set *set) {
    own_finalize(set->db, &cursor->labels);
    own_finalize(set->db, &cursor->expressions);
    for (int i = 0; i < set->spec.n_lookups; i++) {
        if (cursor->lookups[i]) lookup_close(cursor->lookups[i]);
        cursor->lookups[i] = NULL;
    }
}

static int set_close(sqlite3_vtab_cursor *base) {
    set_cursor *cursor = (set_cursor *)base;
    cursor_end(cursor, &((set_vtab *)base->pVtab)->set);
    memory_free(NULL, cursor->lookups);
    memory_free(NULL, cursor);
    return SQLITE_OK;
}

/* Records that a statement failed with `rc`. */
static int set_fail(sqlite3_vtab *base, int rc, const char *what) {
    const training_set *set = &((set_vtab *)base)->set;
    athlete_fault fault = {""};
    status_of_code(set->db, rc, what, &fault);
    return module_fail(set->function, &base->zErrMsg, rc, &fault);
}

static int set_look_up(set_cursor *cursor, training_set *set, int number) {
    const set_lookup *lookup = &set->lookups[number];
    sqlite3_value *keys[GROUP_KEYS_MAX];
    for (int k = 0; k < lookup->group.n_keys; k++)
        keys[k] = sqlite3_column_value(cursor->labels, lookup->keys[k]);
    athlete_fault fault;
    fault_clear(&fault);
    int rc = lookup_seek(cursor->lookups[number], keys, sqlite3_column_value(cursor->labels, lookup->as_of),
                         &fault);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE) return SQLITE_OK;
    if (*fault.text) fault_refuse(&fault, "lookup %.60s: %s", set->spec.lookups[number].group, fault.text);
    return module_fail(set->function, &cursor->base.pVtab->zErrMsg, rc, &fault);
}

/* The value of a feature at the cursor's row: a kept one, or NULL where the label has none. */
static const kept_row *feature_at(const set_cursor *cursor, const training_set *set, const set_column *column,
                                  int *slot) {
    const kept_row *row = lookup_answer_row(cursor->lookups[column->lookup]);
    *slot = set->lookups[column->lookup].plan.slots[column->index];
    return row && row->values[*slot].type != SQLITE_NULL ? row : NULL;
}

/* A default without a fraction is an INTEGER, as far as doubles tell all of those apart. */
static bool set_is_integer(double x) {
    return is_whole(x, -9007199254740991.0, 9007199254740991.0);
}

static int bind_absent(sqlite3_stmt *statement, int index, const cJSON *value) {
    if (!value) return sqlite3_bind_null(statement, index);
    if (cJSON_IsString(value))
        return sqlite3_bind_text(statement, index, value->valuestring, -1, SQLITE_STATIC);
    double x = cJSON_IsBool(value) ? cJSON_IsTrue(value) : value->valuedouble;
    return set_is_integer(x) ? sqlite3_bind_int64(statement, index, (sqlite3_int64)x)
                             : sqlite3_bind_double(statement, index, x);
}

static void result_absent(sqlite3_context *context, const cJSON *value) {
    if (!value) return;
    if (cJSON_IsString(value)) {
        sqlite3_result_text(context, value->valuestring, -1, SQLITE_TRANSIENT);
        return;
    }
    double x = cJSON_IsBool(value) ? cJSON_IsTrue(value) : value->valuedouble;
    if (set_is_integer(x)) sqlite3_result_int64(context, (sqlite3_int64)x);
    else sqlite3_result_double(context, x);
}

static int compute(set_cursor *cursor, const training_set *set) {
    int rc = sqlite3_reset(cursor->expressions);
    for (int i = 0; i < set->n_inputs && rc == SQLITE_OK; i++) {
        const set_column *column = &set->columns[i];
        int slot;
        if (column->origin == FROM_LABELS) {
            rc = sqlite3_bind_value(cursor->expressions, i + 1,
                                    sqlite3_column_value(cursor->labels, column->index));
            continue;
        }
        const kept_row *row = feature_at(cursor, set, column, &slot);
        rc = row ? kept_bind(cursor->expressions, i + 1, row, slot)
                 : bind_absent(cursor->expressions, i + 1, column->absent);
    }
    if (rc == SQLITE_OK) rc = sqlite3_step(cursor->expressions);
    return rc == SQLITE_ROW ? SQLITE_OK : rc == SQLITE_DONE ? SQLITE_INTERNAL : rc;
}

static int set_next(sqlite3_vtab_cursor *base) {
    set_cursor *cursor = (set_cursor *)base;
    training_set *set = &((set_vtab *)base->pVtab)->set;
    int rc = sqlite3_step(cursor->labels);
    cursor->at_row = rc == SQLITE_ROW;
    if (rc == SQLITE_DONE) return SQLITE_OK;
    if (rc != SQLITE_ROW) return set_fail(base->pVtab, rc, "labels: ");
    cursor->row++;
    rc = SQLITE_OK;
    for (int i = 0; i < set->spec.n_lookups && rc == SQLITE_OK; i++) rc = set_look_up(cursor, set, i);
    if (rc != SQLITE_OK || !cursor->expressions) return rc;
    rc = compute(cursor, set);
    return rc == SQLITE_OK ? rc : set_fail(base->pVtab, rc, "computed: ");
}

static int set_filter(sqlite3_vtab_cursor *base, int number, const char *name, int argc,
                      sqlite3_value **argv) {
    (void)number, (void)name, (void)argc, (void)argv;
    set_cursor *cursor = (set_cursor *)base;
    training_set *set = &((set_vtab *)base->pVtab)->set;
    cursor_end(cursor, set);
    cursor->row = 0;
    cursor->at_row = false;
    athlete_fault fault = {""};
    int rc = training_labels(set, &cursor->labels, &fault);
    if (rc == SQLITE_OK) rc = training_expressions(set, &cursor->expressions, &fault);
    if (rc != SQLITE_OK) return module_fail(set->function, &base->pVtab->zErrMsg, rc, &fault);
    for (int i = 0; i < set->spec.n_lookups && rc == SQLITE_OK; i++) {
        cursor->lookups[i] = lookup_open(&set->lookups[i].plan);
        if (!cursor->lookups[i]) rc = SQLITE_NOMEM;
    }
    return rc == SQLITE_OK ? set_next(base) : rc;
}

static int set_eof(sqlite3_vtab_cursor *base) {
    return !((set_cursor *)base)->at_row;
}

/* --- row_sources ---------------------------------------------------------------------------------------- */

static void append_member(sqlite3_str *out, const char *name, const kept_row *row, int slot) {
    const kept_value *value = &row->values[slot];
    char number[ATHLETE_DECIMAL_SIZE];
    sqlite3_str_appendf(out, ",\"%s\":", name);
    if (value->type == SQLITE_TEXT) write_json_text(out, kept_text(row, value));
    else if (value->type == SQLITE_BLOB) sqlite3_str_appendall(out, "null");
    else if (value->type == SQLITE_NULL) sqlite3_str_appendall(out, "null");
    else if (value->type == SQLITE_INTEGER) sqlite3_str_appendf(out, "%lld", value->as.integer);
    else sqlite3_str_append(out, number, decimal_write_short(value->as.number, number));
}

static void result_sources(const set_cursor *cursor, const training_set *set, sqlite3_context *context) {
    sqlite3_str *out = sqlite3_str_new(set->db);
    for (int i = 0; i < set->spec.n_lookups; i++) {
        const kept_row *row = lookup_answer_row(cursor->lookups[i]);
        sqlite3_str_appendall(out, i ? "," : "[");
        if (!row) {
            sqlite3_str_appendall(out, "null");
            continue;
        }
        sqlite3_str_appendall(out, "{\"group\":");
        write_json_text(out, set->spec.lookups[i].group);
        const char *version = set->lookups[i].group.version;
        if (version) sqlite3_str_appendf(out, ",\"version\":\"%s\"", version);
        append_member(out, "timestamp", row, KEPT_TIMESTAMP);
        append_member(out, "available", row, KEPT_AVAILABLE);
        append_member(out, "row_id", row, KEPT_ROWID);
        append_member(out, "superseded", row, KEPT_SUPERSEDED);
        sqlite3_str_appendall(out, "}");
    }
    sqlite3_str_appendall(out, set->spec.n_lookups ? "]" : "[]");
    int bytes = sqlite3_str_length(out);
    char *text = sqlite3_str_finish(out);
    if (text) sqlite3_result_text(context, text, bytes, sqlite3_free);
    else sqlite3_result_error_nomem(context);
}

static int set_column_value(sqlite3_vtab_cursor *base, sqlite3_context *context, int number) {
    const set_cursor *cursor = (const set_cursor *)base;
    const set_vtab *vtab = (const set_vtab *)base->pVtab;
    if (number >= vtab->n_declared) {
        result_sources(cursor, &vtab->set, context);
        return SQLITE_OK;
    }
    const set_column *column = &vtab->set.columns[vtab->declared[number]];
    if (column->origin != FROM_LOOKUP) {
        sqlite3_stmt *from = column->origin == FROM_LABELS ? cursor->labels : cursor->expressions;
        sqlite3_result_value(context, sqlite3_column_value(from, column->index));
        return SQLITE_OK;
    }
    int slot;
    const kept_row *row = feature_at(cursor, &vtab->set, column, &slot);
    if (row) kept_result(context, row, slot);
    else result_absent(context, column->absent);
    return SQLITE_OK;
}

static int set_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
    *rowid = ((set_cursor *)base)->row;
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
