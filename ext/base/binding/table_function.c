/* Every table-valued function of the extension, as one eponymous virtual table module.
**
** The result columns come first, then one HIDDEN column per argument, in order, as in SQLite's own
** generate_series. A required argument that is missing is an error; one whose value the planner cannot yet
** supply makes the plan unusable (SQLITE_CONSTRAINT), as https://www.sqlite.org/vtab.html 2.3.4 asks.
**
** idxNum has bit k set when argument k is given; argv then holds the given arguments in order. */
#include "base/binding/module_arguments.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define MAX_ARGUMENTS 16

typedef struct table_vtab {
    sqlite3_vtab base; /* must be first */
    sqlite3 *db;
    const athlete_function *function;
    void *domain_state;
    int n_columns;
} table_vtab;

typedef struct table_cursor {
    sqlite3_vtab_cursor base; /* must be first */
    const double *numbers;    /* of the state, for columns from first_number to the last */
    const bool *is_integer;
    int first_number, n_columns;
    athlete_call call;
    void *state;
    bool at_row;
    sqlite3_int64 rowid;
    sqlite3_value *arguments[MAX_ARGUMENTS];
} table_cursor;

/* Columns are separated by commas outside parentheses. */
static int count_columns(const char *columns) {
    int n = 1, depth = 0;
    for (; *columns; columns++) {
        depth += (*columns == '(') - (*columns == ')');
        n += *columns == ',' && depth == 0;
    }
    return n;
}

static int table_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                         char **message) {
    (void)argc, (void)argv;
    const athlete_registration *row = aux;
    const athlete_function *function = row->function;
    sqlite3_str *schema = sqlite3_str_new(db);
    sqlite3_str_appendf(schema, "CREATE TABLE x(%s", function->table->columns);
    for (const athlete_argument *a = function->arguments; a->name; a++) {
        sqlite3_str_appendf(schema, ", \"%w\" HIDDEN", a->name);
    }
    sqlite3_str_appendall(schema, ")");
    char *sql = sqlite3_str_finish(schema);
    if (!sql) return SQLITE_NOMEM;
    int rc = sqlite3_declare_vtab(db, sql);
    sqlite3_free(sql);
    if (rc != SQLITE_OK) {
        athlete_fault fault = {{0}};
        return module_fail(function, message, status_code(status_of_code(db, rc, "", &fault)), &fault);
    }
    sqlite3_vtab_config(db, function->trust == ATHLETE_PURE ? SQLITE_VTAB_INNOCUOUS : SQLITE_VTAB_DIRECTONLY);

    table_vtab *vtab = sqlite3_malloc64(sizeof *vtab);
    if (!vtab) return SQLITE_NOMEM;
    *vtab = (table_vtab){.db = db,
                         .function = function,
                         .domain_state = row->domain_state,
                         .n_columns = count_columns(function->table->columns)};
    *out = &vtab->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base) {
    sqlite3_free(base);
    return SQLITE_OK;
}

/* Ends a routine with the call's sentence, under the function's name. */
static int vtab_fail(sqlite3_vtab *base, int code, const athlete_fault *fault) {
    return module_fail(((table_vtab *)base)->function, &base->zErrMsg, code, fault);
}

static int vtab_refuse_missing(sqlite3_vtab *base, int index) {
    athlete_fault fault;
    fault_refuse(&fault, "argument %d (%s) is missing", index + 1,
                 ((table_vtab *)base)->function->arguments[index].name);
    return vtab_fail(base, SQLITE_ERROR, &fault);
}

static int table_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
    table_vtab *vtab = (table_vtab *)base;
    int constraint_of[MAX_ARGUMENTS];
    for (int k = 0; k < MAX_ARGUMENTS; k++) constraint_of[k] = -1;
    bool unusable = false;
    for (int i = 0; i < info->nConstraint; i++) {
        int k = info->aConstraint[i].iColumn - vtab->n_columns;
        if (k < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
        if (!info->aConstraint[i].usable) unusable = true;
        else if (constraint_of[k] < 0) constraint_of[k] = i;
    }
    if (unusable) return SQLITE_CONSTRAINT;

    const athlete_argument *arguments = vtab->function->arguments;
    int given = 0;
    for (int k = 0; arguments[k].name; k++) {
        if (constraint_of[k] >= 0) {
            info->aConstraintUsage[constraint_of[k]].argvIndex = ++given;
            info->aConstraintUsage[constraint_of[k]].omit = 1;
            info->idxNum |= 1 << k;
        } else if (!(arguments[k].flags & ATHLETE_OPTIONAL)) {
            return vtab_refuse_missing(base, k);
        }
    }
    info->estimatedRows = (sqlite3_int64)vtab->function->table->expected_rows;
    info->estimatedCost = 10 * vtab->function->table->expected_rows;
    return SQLITE_OK;
}

static int table_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
    table_vtab *vtab = (table_vtab *)base;
    table_cursor *cursor = sqlite3_malloc64(sizeof *cursor);
    if (!cursor) return SQLITE_NOMEM;
    *cursor = (table_cursor){
        .call = {.db = vtab->db, .function = vtab->function, .domain_state = vtab->domain_state},
        .n_columns = vtab->n_columns,
        .first_number = vtab->n_columns,
    };
    *out = &cursor->base;
    return SQLITE_OK;
}

static void cursor_close_state(table_cursor *cursor) {
    if (cursor->state) cursor->call.function->table->close(cursor->state);
    cursor->state = NULL;
}

/* Ends the call that the cursor is in, if any, but for its state. */
static void cursor_reset(table_cursor *cursor) {
    cursor->at_row = false;
    cursor->rowid = 0;
    fault_clear(&cursor->call.fault);
    cursor->call.code = SQLITE_OK;
    for (int k = 0; k < MAX_ARGUMENTS; k++) {
        sqlite3_value_free(cursor->arguments[k]);
        cursor->arguments[k] = NULL;
    }
}

static int table_close(sqlite3_vtab_cursor *base) {
    cursor_close_state((table_cursor *)base);
    cursor_reset((table_cursor *)base);
    sqlite3_free(base);
    return SQLITE_OK;
}

static int cursor_failure(table_cursor *cursor) {
    int code = cursor->call.code != SQLITE_OK ? cursor->call.code : SQLITE_NOMEM;
    return vtab_fail(cursor->base.pVtab, code, &cursor->call.fault);
}

static int table_next(sqlite3_vtab_cursor *base) {
    table_cursor *cursor = (table_cursor *)base;
    int rc = cursor->call.function->table->next(&cursor->call, cursor->state);
    cursor->at_row = rc == SQLITE_ROW;
    cursor->rowid++;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : cursor_failure(cursor);
}

/* Begins the call with `argc` arguments, with the state of the one before where that serves. */
static int cursor_begin(table_cursor *cursor, int argc) {
    const athlete_table *table = cursor->call.function->table;
    if (cursor->state && table->again && table->again(cursor->state, argc, cursor->arguments))
        return SQLITE_OK;
    cursor_close_state(cursor);
    athlete_status status = table->open(&cursor->call, argc, cursor->arguments, &cursor->state);
    if (status != ATHLETE_OK) {
        if (cursor->call.code == SQLITE_OK) call_fail_status(&cursor->call, status);
        return cursor_failure(cursor);
    }
    if (table->numbers) {
        cursor->numbers =
            (const double *)(const void *)((const char *)cursor->state + table->numbers->offset);
        cursor->is_integer = table->numbers->is_integer;
        cursor->first_number = table->numbers->first_column;
    }
    return SQLITE_OK;
}

/* NULL for a required argument gives no rows, as NULL for a scalar gives NULL. */
static int table_filter(sqlite3_vtab_cursor *base, int given, const char *unused, int argc,
                        sqlite3_value **argv) {
    (void)unused;
    table_cursor *cursor = (table_cursor *)base;
    cursor_reset(cursor);
    const athlete_function *function = cursor->call.function;
    int last = -1, next = 0;
    bool empty = false;
    for (int k = 0; function->arguments[k].name; k++) {
        if (!(given & (1 << k))) continue;
        if (next >= argc) return SQLITE_INTERNAL;
        cursor->arguments[k] = sqlite3_value_dup(argv[next++]);
        if (!cursor->arguments[k]) return SQLITE_NOMEM;
        athlete_status status = argument_check(function, k, cursor->arguments[k], &cursor->call.fault);
        if (status != ATHLETE_OK) {
            call_fail_status(&cursor->call, status);
            return cursor_failure(cursor);
        }
        if (sqlite3_value_type(cursor->arguments[k]) == SQLITE_NULL &&
            !(function->arguments[k].flags & ATHLETE_OPTIONAL)) {
            empty = true;
        }
        last = k;
    }
    for (int k = 0; k < last; k++) {
        if (!cursor->arguments[k]) {
            return vtab_refuse_missing(base->pVtab, k);
        }
    }
    if (empty) return SQLITE_OK;
    int rc = cursor_begin(cursor, last + 1);
    return rc == SQLITE_OK ? table_next(base) : rc;
}

static int table_eof(sqlite3_vtab_cursor *base) {
    return !((table_cursor *)base)->at_row;
}

static int table_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
    table_cursor *cursor = (table_cursor *)base;
    if (column >= cursor->first_number && column < cursor->n_columns) {
        double number = cursor->numbers[column - cursor->first_number];
        if (cursor->is_integer[column - cursor->first_number] && !isnan(number))
            sqlite3_result_int64(context, (sqlite3_int64)number);
        else sqlite3_result_double(context, number); /* NAN becomes NULL */
    } else if (column < cursor->n_columns) {
        cursor->call.function->table->column(cursor->state, context, column);
    } else if (cursor->arguments[column - cursor->n_columns]) {
        sqlite3_result_value(context, cursor->arguments[column - cursor->n_columns]);
    }
    return SQLITE_OK;
}

static int table_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
    *rowid = ((table_cursor *)base)->rowid;
    return SQLITE_OK;
}

static const sqlite3_module table_module = {
    .iVersion = 0,
    .xCreate = NULL, /* eponymous only: there is no CREATE VIRTUAL TABLE for it */
    .xConnect = table_connect,
    .xBestIndex = table_best_index,
    .xDisconnect = table_disconnect,
    .xOpen = table_open,
    .xClose = table_close,
    .xFilter = table_filter,
    .xNext = table_next,
    .xEof = table_eof,
    .xColumn = table_column,
    .xRowid = table_rowid,
};

int table_function_register(sqlite3 *db, athlete_registration *row, void (*drop)(void *row)) {
    return sqlite3_create_module_v2(db, row->function->name, &table_module, row, drop);
}

int call_fail(athlete_call *call, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fault_refuse_at(&call->fault, NULL, format, arguments);
    va_end(arguments);
    return call->code = SQLITE_ERROR;
}

int call_fail_status(athlete_call *call, athlete_status status) {
    const char *said = call->fault.text;
    if (status == ATHLETE_OVER_LIMIT)
        fault_refuse(&call->fault, "needs more memory than its limit%s%s", *said ? ": " : "", said);
    else if (status == ATHLETE_INVALID && !*said) fault_refuse(&call->fault, "invalid input");
    return call->code = status_code(status == ATHLETE_OK ? ATHLETE_NOMEM : status);
}
