#include "base/binding/module_arguments.h"
#include "base/memory.h"
#include "base/numbers/instant.h"
#include "store/lookup/asof_table_sql.h"

int asof_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
    asof_vtab *vtab = (asof_vtab *)base;
    asof_cursor *cursor = vtab->spare;
    vtab->spare = NULL;
    if (!cursor) {
        cursor = memory_zeroed(NULL, 1, sizeof *cursor);
        if (!cursor) return SQLITE_NOMEM;
        if (!kept_row_open(&cursor->as_of, 1)) {
            memory_free(NULL, cursor);
            return SQLITE_NOMEM;
        }
    }
    *out = &cursor->base;
    return SQLITE_OK;
}

void asof_cursor_free(asof_cursor *cursor) {
    if (!cursor) return;
    kept_row_close(&cursor->as_of);
    memory_free(NULL, cursor);
}

static void asof_give_back(asof_cursor *cursor) {
    asof_plan *plan = cursor->plan;
    if (!cursor->lookup) return;
    lookup_reset(cursor->lookup);
    if (plan->n_idle < IDLE_MAX) plan->idle[plan->n_idle++] = cursor->lookup;
    else lookup_close(cursor->lookup);
    cursor->lookup = NULL;
}

static int asof_take(asof_cursor *cursor, asof_plan *plan) {
    if (cursor->plan == plan && cursor->lookup) return SQLITE_OK;
    asof_give_back(cursor);
    cursor->plan = plan;
    cursor->lookup = plan->n_idle > 0 ? plan->idle[--plan->n_idle] : lookup_open(&plan->columns);
    return cursor->lookup ? SQLITE_OK : SQLITE_NOMEM;
}

/* The last cursor waits for the next query, as its lookup does. */
int asof_close(sqlite3_vtab_cursor *base) {
    asof_cursor *cursor = (asof_cursor *)base;
    asof_vtab *vtab = (asof_vtab *)base->pVtab;
    asof_give_back(cursor);
    asof_cursor_free(vtab->spare);
    vtab->spare = cursor;
    return SQLITE_OK;
}

int asof_filter(sqlite3_vtab_cursor *base, int number, const char *unused, int argc, sqlite3_value **argv) {
    (void)unused;
    asof_cursor *cursor = (asof_cursor *)base;
    asof_vtab *vtab = (asof_vtab *)base->pVtab;
    cursor->answer = NULL;
    if (number < 0 || (size_t)number >= vtab->n_plans) return SQLITE_INTERNAL;
    asof_plan *plan = vtab->plans[number];
    const int n_keys = vtab->group.n_keys;
    if (argc != n_keys && argc != n_keys + 1) return SQLITE_INTERNAL;
    int rc = asof_take(cursor, plan);
    if (rc != SQLITE_OK) return rc;
    sqlite3_value *as_of = argc > n_keys ? argv[n_keys] : NULL;
    kept_row_forget(&cursor->as_of);
    if (as_of) kept_row_store(&cursor->as_of, 0, 1, &as_of);
    if (cursor->as_of.failed) return SQLITE_NOMEM;
    athlete_fault fault;
    fault_clear(&fault);
    rc = lookup_seek(cursor->lookup, argv, as_of, &fault);
    if (rc == SQLITE_ROW) cursor->answer = lookup_answer_row(cursor->lookup);
    if (rc == SQLITE_ROW || rc == SQLITE_DONE) return SQLITE_OK;
    return module_fail(vtab->function, &base->pVtab->zErrMsg, rc, &fault);
}

int asof_next(sqlite3_vtab_cursor *base) {
    ((asof_cursor *)base)->answer = NULL;
    return SQLITE_OK;
}

int asof_eof(sqlite3_vtab_cursor *base) {
    return !((asof_cursor *)base)->answer;
}

static void result_hidden(const asof_cursor *cursor, sqlite3_context *context, int column) {
    const kept_row *row = cursor->answer;
    int64_t age_us;
    switch (column) {
    case HIDDEN_AS_OF:
        if (cursor->as_of.present) kept_result(context, &cursor->as_of, 0);
        break;
    case HIDDEN_TIMESTAMP: kept_result(context, row, KEPT_TIMESTAMP); break;
    case HIDDEN_AVAILABLE: kept_result(context, row, KEPT_AVAILABLE); break;
    case HIDDEN_SUPERSEDED: kept_result(context, row, KEPT_SUPERSEDED); break;
    case HIDDEN_ROWID: kept_result(context, row, KEPT_ROWID); break;
    case HIDDEN_FOUND_BY:
        sqlite3_result_text(context, lookup_is_merged(cursor->lookup) ? "merge" : "seek", -1, SQLITE_STATIC);
        break;
    case HIDDEN_AGE:
        if (lookup_age_us(cursor->lookup, &age_us))
            sqlite3_result_double(context, (double)age_us / (double)INSTANT_US_PER_DAY);
        break;
    }
}

int asof_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
    const asof_cursor *cursor = (const asof_cursor *)base;
    int n_columns = ((const asof_vtab *)base->pVtab)->group.n_columns;
    if (column >= n_columns) {
        result_hidden(cursor, context, column - n_columns);
    } else {
        int slot = cursor->plan->columns.slots[column];
        if (slot >= 0) kept_result(context, cursor->answer, slot);
    }
    return SQLITE_OK;
}

int asof_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
    const kept_value *value = &((asof_cursor *)base)->answer->values[KEPT_ROWID];
    *rowid = value->type == SQLITE_INTEGER ? value->as.integer : 0;
    return SQLITE_OK;
}
