/* asof: a feature group as it was known at a moment, one row for each request.
**
**     CREATE VIRTUAL TABLE temp.rolling USING asof(athlete_rolling_features, lookback='90 days');
**     SELECT r.*, f.ctl_42d, f.row_age_days
**     FROM races AS r
**     LEFT JOIN rolling AS f ON f.athlete_id = r.athlete_id AND f.as_of = r.start_time;
**
** The columns are those of the group's table; what is not asked for is not read. Hidden columns: as_of, the moment of the
** request, and of the answer row_timestamp, row_available, row_superseded (NULL for a current row), row_age_days and
** row_id, and row_found_by, 'seek' or 'merge'. lookup_sql.h has the rules. Every key must be given by =, and so must as_of where it is given; without it the
** newest row is the answer, the same as with the moment of the query for as_of, because a table holds nothing that is not
** yet known (write as_of = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') to leave out rows whose available_at is still to come,
** such as that of a day that is not over). A lookback needs as_of, since a function reads no clock.
**
** Nothing is written: the lookup reads through the caller's connection and authorizer.
**
** A plan is what xBestIndex has found; idxNum is its number. Plans and their statements belong to the virtual table and
** stay until it is dropped or the connection closes, so that a query that runs again prepares nothing. */
#include "store/asof_sql.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include "base/function.h"
#include "base/memory.h"
#include "store/instant.h"
#include "store/lookup_merge_sql.h"
#include "store/lookup_sql.h"
#include "store/module_arguments_sql.h"

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

/* Hidden columns, after those of the table. */
enum {
    HIDDEN_AS_OF,
    HIDDEN_TIMESTAMP,
    HIDDEN_AVAILABLE,
    HIDDEN_SUPERSEDED,
    HIDDEN_AGE,
    HIDDEN_ROWID,
    HIDDEN_FOUND_BY,
    HIDDEN_COUNT
};
static const char *const hidden_names[HIDDEN_COUNT] = {
    "as_of", "row_timestamp", "row_available", "row_superseded", "row_age_days", "row_id", "row_found_by"};

#define IDLE_MAX                                                                                             \
    4 /* lookups that wait for the next query; a query takes one for each time that it names the table */

typedef struct asof_plan {
    lookup_plan columns;
    sqlite3_uint64 used; /* as in sqlite3_index_info.colUsed */
    asof_lookup *idle[IDLE_MAX];
    int n_idle;
} asof_plan;

typedef struct asof_cursor asof_cursor;

typedef struct asof_vtab {
    sqlite3_vtab base; /* must be first */
    const athlete_function *function;
    feature_group group;
    lookup_rules rules;
    asof_plan **plans;
    size_t n_plans, plans_capacity;
    asof_cursor *spare;
} asof_vtab;

struct asof_cursor {
    sqlite3_vtab_cursor base; /* must be first */
    asof_plan *plan;
    asof_lookup *lookup;
    kept_row as_of; /* of the request */
    bool at_row;
};

static void cursor_free(asof_cursor *cursor);

/* --- the table ------------------------------------------------------------------------------------------ */

static int asof_disconnect(sqlite3_vtab *base) {
    asof_vtab *vtab = (asof_vtab *)base;
    for (size_t i = 0; i < vtab->n_plans; i++) {
        asof_plan *plan = vtab->plans[i];
        while (plan->n_idle > 0) lookup_close(plan->idle[--plan->n_idle]);
        lookup_plan_close(&plan->columns);
        memory_free(NULL, plan);
    }
    memory_free(NULL, vtab->plans);
    cursor_free(vtab->spare);
    group_close(&vtab->group);
    memory_free(NULL, vtab);
    return SQLITE_OK;
}

static int declare(const asof_vtab *vtab, char **message) {
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
            return module_fail(vtab->function, message,
                               "%s has a column %s, which is a name of the lookup's own",
                               group->sources[GROUP_CURRENT].table, hidden_names[i]);
        }
        sqlite3_str_appendf(sql, "%s%s HIDDEN", i ? ", " : "", hidden_names[i]);
    }
    sqlite3_str_appendall(sql, ")");
    char *text = sqlite3_str_finish(sql);
    if (!text) return SQLITE_NOMEM;
    int rc = sqlite3_declare_vtab(group->db, text);
    sqlite3_free(text);
    if (rc != SQLITE_OK && rc != SQLITE_NOMEM)
        return module_fail(vtab->function, message, "%s", sqlite3_errmsg(group->db));
    return rc;
}

static int read_rules(const module_arguments *arguments, lookup_rules *rules, char **message) {
    int strict = module_flag(arguments, ARG_STRICT, 0, message);
    int ignore_nulls = strict < 0 ? -1 : module_flag(arguments, ARG_IGNORE_NULLS, 0, message);
    int backfill = ignore_nulls < 0 ? -1 : module_flag(arguments, ARG_BACKFILL, 0, message);
    if (backfill < 0) return *message ? SQLITE_ERROR : SQLITE_NOMEM;
    *rules = (lookup_rules){.strict = strict, .ignore_nulls = ignore_nulls, .backfill = backfill};
    return SQLITE_OK;
}

static int open_group(asof_vtab *vtab, sqlite3 *db, const module_arguments *arguments, char **message) {
    char *const *texts = arguments->texts;
    group_names names = {.group = texts[ARG_GROUP],
                         .entity = texts[ARG_ENTITY],
                         .timestamp = texts[ARG_TIMESTAMP],
                         .available = texts[ARG_AVAILABLE],
                         .lookback = texts[ARG_LOOKBACK],
                         .history = texts[ARG_HISTORY],
                         .needs_available = !vtab->rules.backfill};
    char *sentence = NULL;
    int rc = group_open(&vtab->group, db, &names, &sentence);
    if (sentence) {
        int said = module_fail(vtab->function, message, "%s", sentence);
        if (said == SQLITE_NOMEM) rc = said;
    }
    sqlite3_free(sentence);
    return rc;
}

static int asof_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                        char **message) {
    asof_vtab *vtab = memory_zeroed(NULL, 1, sizeof *vtab);
    if (!vtab) return SQLITE_NOMEM;
    vtab->function = aux;
    module_arguments arguments;
    int rc = module_arguments_read(&arguments, vtab->function, argc, argv, message);
    if (rc == SQLITE_OK) rc = read_rules(&arguments, &vtab->rules, message);
    if (rc == SQLITE_OK) rc = open_group(vtab, db, &arguments, message);
    if (rc == SQLITE_OK) rc = declare(vtab, message);
    if (rc == SQLITE_OK) rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
    module_arguments_free(&arguments);
    if (rc == SQLITE_OK) *out = &vtab->base;
    else asof_disconnect(&vtab->base);
    return rc;
}

/* A function of its own, since a module whose xCreate is its xConnect would be a table without being created. */
static int asof_create(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out,
                       char **message) {
    return asof_connect(db, aux, argc, argv, out, message);
}

/* --- planning ------------------------------------------------------------------------------------------- */

static int refuse(asof_vtab *vtab, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *sentence = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    if (!sentence) return SQLITE_NOMEM;
    int rc = module_fail(vtab->function, &vtab->base.zErrMsg, "%s", sentence);
    sqlite3_free(sentence);
    return rc;
}

typedef struct column_set {
    sqlite3_uint64 used;
} column_set;

/* Bit 63 stands for all columns from 63 on. */
static bool is_used(const void *set, int column) {
    return ((const column_set *)set)->used >> (column < 63 ? column : 63) & 1;
}

/* The number of the plan for these columns, a new one if there is none yet. */
static int find_plan(asof_vtab *vtab, sqlite3_uint64 used, bool has_as_of, int *number) {
    for (size_t i = 0; i < vtab->n_plans; i++) {
        if (vtab->plans[i]->used == used && vtab->plans[i]->columns.has_as_of == has_as_of) {
            *number = (int)i;
            return SQLITE_OK;
        }
    }
    void *block = vtab->plans;
    athlete_status status =
        memory_grow(NULL, &block, &vtab->plans_capacity, vtab->n_plans + 1, sizeof *vtab->plans);
    vtab->plans = block;
    asof_plan *plan = status == ATHLETE_OK ? memory_zeroed(NULL, 1, sizeof *plan) : NULL;
    if (!plan) return SQLITE_NOMEM;
    plan->used = used;
    column_set set = {used};
    if (lookup_plan_open(&plan->columns, &vtab->group, &vtab->rules, has_as_of, is_used, &set) != SQLITE_OK) {
        memory_free(NULL, plan);
        return SQLITE_NOMEM;
    }
    plan->columns.wants_age = is_used(&set, vtab->group.n_columns + HIDDEN_AGE);
    *number = (int)vtab->n_plans;
    vtab->plans[vtab->n_plans++] = plan;
    return SQLITE_OK;
}

/* "newest row with athlete_id = ? and event_timestamp <= as_of and available_at <= as_of, by index i; reads ctl_42d" */
static char *explain(const asof_vtab *vtab, const asof_plan *plan) {
    const feature_group *group = &vtab->group;
    const char *timestamp = group->columns[group->timestamp].name;
    sqlite3_str *out = sqlite3_str_new(group->db);
    sqlite3_str_appendall(out, "newest row with ");
    for (int i = 0; i < group->n_keys; i++)
        sqlite3_str_appendf(out, "%s%s = ?", i ? " and " : "", group->columns[group->keys[i]].name);
    if (plan->columns.has_as_of) {
        sqlite3_str_appendf(out, " and %s %s as_of", timestamp, vtab->rules.strict ? "<" : "<=");
        if (!vtab->rules.backfill)
            sqlite3_str_appendf(out, " and %s <= as_of", group->columns[group->available].name);
        if (group->lookback_us >= 0)
            sqlite3_str_appendf(out, ", at most %!.6g days old",
                                (double)group->lookback_us / (double)INSTANT_US_PER_DAY);
    }
    sqlite3_str_appendf(out, ", by index %s", group->sources[GROUP_CURRENT].index);
    if (group->sources[GROUP_HISTORY].table && plan->columns.has_as_of)
        sqlite3_str_appendf(out, " and %s", group->sources[GROUP_HISTORY].index);
    if (merge_is_possible(&plan->columns))
        sqlite3_str_appendall(out, ", a merge where many requests come in its order");
    const char *before = "; reads ";
    for (int i = 0; i < group->n_columns; i++) {
        if (plan->columns.slots[i] < 0) continue;
        sqlite3_str_appendf(out, "%s%s", before, group->columns[i].name);
        before = ", ";
    }
    if (vtab->rules.ignore_nulls) sqlite3_str_appendall(out, "; newest value of each");
    return sqlite3_str_finish(out);
}

/* What the constraints of a query say: SQLITE_OK with the place of each key's and of as_of's (-1 if there is none);
** SQLITE_CONSTRAINT if one that is needed is of no use in this plan. */
static int read_constraints(asof_vtab *vtab, sqlite3_index_info *info, int key_at[], int *as_of_at) {
    const feature_group *group = &vtab->group;
    int as_of_column = group->n_columns + HIDDEN_AS_OF;
    unsigned unusable = 0;
    bool as_of_unusable = false;
    *as_of_at = -1;
    for (int k = 0; k < group->n_keys; k++) key_at[k] = -1;
    for (int i = 0; i < info->nConstraint; i++) {
        const struct sqlite3_index_constraint *c = &info->aConstraint[i];
        bool is_equal = c->op == SQLITE_INDEX_CONSTRAINT_EQ;
        if (c->iColumn == as_of_column && is_equal) {
            if (c->usable) *as_of_at = i;
            else as_of_unusable = true;
        } else if (c->iColumn == as_of_column && c->op < 73) { /* not LIMIT or OFFSET, which name no column */
            return refuse(vtab, "as_of must be given with =");
        }
        for (int k = 0; k < group->n_keys && is_equal; k++) {
            if (c->iColumn != group->keys[k]) continue;
            if (c->usable && key_at[k] < 0) key_at[k] = i;
            else if (!c->usable) unusable |= 1u << k;
        }
    }
    if (as_of_unusable && *as_of_at < 0) return SQLITE_CONSTRAINT;
    for (int k = 0; k < group->n_keys; k++) {
        if (key_at[k] >= 0) continue;
        if (unusable & 1u << k) return SQLITE_CONSTRAINT;
        return refuse(vtab, "%s needs %s = … for each request", group->sources[GROUP_CURRENT].table,
                      group->columns[group->keys[k]].name);
    }
    return SQLITE_OK;
}

static int asof_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
    asof_vtab *vtab = (asof_vtab *)base;
    const feature_group *group = &vtab->group;
    int key_at[GROUP_KEYS_MAX], as_of_at;
    int rc = read_constraints(vtab, info, key_at, &as_of_at);
    if (rc != SQLITE_OK) return rc;
    for (int k = 0; k < group->n_keys; k++) {
        const group_column *key = &group->columns[group->keys[k]];
        const char *collation = sqlite3_vtab_collation(info, key_at[k]);
        if (collation && sqlite3_stricmp(collation, key->collation) != 0) {
            return refuse(vtab, "%s is compared with the collation %s, its index has %s", key->name,
                          collation, key->collation);
        }
        info->aConstraintUsage[key_at[k]].argvIndex = k + 1;
        info->aConstraintUsage[key_at[k]].omit = 1;
    }
    if (as_of_at >= 0) {
        info->aConstraintUsage[as_of_at].argvIndex = group->n_keys + 1;
        info->aConstraintUsage[as_of_at].omit = 1;
    } else if (group->lookback_us >= 0) {
        return refuse(vtab,
                      "%s has a lookback, which needs as_of = …; for now write as_of = "
                      "strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', 'now')",
                      group->sources[GROUP_CURRENT].table);
    }
    rc = find_plan(vtab, info->colUsed, as_of_at >= 0, &info->idxNum);
    if (rc != SQLITE_OK) return rc;
    info->idxStr = explain(vtab, vtab->plans[info->idxNum]);
    if (!info->idxStr) return SQLITE_NOMEM;
    info->needToFreeIdxStr = 1;
    info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    info->estimatedRows = 1;
    info->estimatedCost = 10;
    return SQLITE_OK;
}

/* --- the cursor ----------------------------------------------------------------------------------------- */

static int asof_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out) {
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

static void cursor_free(asof_cursor *cursor) {
    if (!cursor) return;
    kept_row_close(&cursor->as_of);
    memory_free(NULL, cursor);
}

static void give_back(asof_cursor *cursor) {
    asof_plan *plan = cursor->plan;
    if (!cursor->lookup) return;
    lookup_reset(cursor->lookup);
    if (plan->n_idle < IDLE_MAX) plan->idle[plan->n_idle++] = cursor->lookup;
    else lookup_close(cursor->lookup);
    cursor->lookup = NULL;
}

static int take(asof_cursor *cursor, asof_plan *plan) {
    if (cursor->plan == plan && cursor->lookup) return SQLITE_OK;
    give_back(cursor);
    cursor->plan = plan;
    cursor->lookup = plan->n_idle > 0 ? plan->idle[--plan->n_idle] : lookup_open(&plan->columns);
    return cursor->lookup ? SQLITE_OK : SQLITE_NOMEM;
}

/* The last cursor waits for the next query, as its lookup does. */
static int asof_close(sqlite3_vtab_cursor *base) {
    asof_cursor *cursor = (asof_cursor *)base;
    asof_vtab *vtab = (asof_vtab *)base->pVtab;
    give_back(cursor);
    cursor_free(vtab->spare);
    vtab->spare = cursor;
    return SQLITE_OK;
}

static int asof_filter(sqlite3_vtab_cursor *base, int number, const char *unused, int argc,
                       sqlite3_value **argv) {
    (void)unused;
    asof_cursor *cursor = (asof_cursor *)base;
    asof_vtab *vtab = (asof_vtab *)base->pVtab;
    cursor->at_row = false;
    if (number < 0 || (size_t)number >= vtab->n_plans) return SQLITE_INTERNAL;
    asof_plan *plan = vtab->plans[number];
    if (argc != vtab->group.n_keys + plan->columns.has_as_of) return SQLITE_INTERNAL;
    int rc = take(cursor, plan);
    if (rc != SQLITE_OK) return rc;
    sqlite3_value *as_of = plan->columns.has_as_of ? argv[argc - 1] : NULL;
    kept_row_forget(&cursor->as_of);
    if (as_of) kept_row_store(&cursor->as_of, 0, 1, &as_of);
    if (cursor->as_of.failed) return SQLITE_NOMEM;
    char *sentence = NULL;
    rc = lookup_seek(cursor->lookup, argv, as_of, &sentence);
    cursor->at_row = rc == SQLITE_ROW;
    if (sentence) {
        int said = module_fail(vtab->function, &base->pVtab->zErrMsg, "%s", sentence);
        if (said == SQLITE_NOMEM) rc = said;
    }
    sqlite3_free(sentence);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int asof_next(sqlite3_vtab_cursor *base) {
    ((asof_cursor *)base)->at_row = false;
    return SQLITE_OK;
}

static int asof_eof(sqlite3_vtab_cursor *base) {
    return !((asof_cursor *)base)->at_row;
}

static void result_hidden(const asof_cursor *cursor, sqlite3_context *context, int column) {
    const kept_row *row = lookup_answer_row(cursor->lookup);
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

static int asof_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column) {
    const asof_cursor *cursor = (const asof_cursor *)base;
    int n_columns = ((const asof_vtab *)base->pVtab)->group.n_columns;
    if (column >= n_columns) result_hidden(cursor, context, column - n_columns);
    else if (cursor->plan->columns.slots[column] >= 0)
        kept_result(context, lookup_answer_row(cursor->lookup), cursor->plan->columns.slots[column]);
    return SQLITE_OK;
}

static int asof_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid) {
    const kept_value *value = &lookup_answer_row(((asof_cursor *)base)->lookup)->values[KEPT_ROWID];
    *rowid = value->type == SQLITE_INTEGER ? value->as.integer : 0;
    return SQLITE_OK;
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
