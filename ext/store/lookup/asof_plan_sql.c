#include "base/binding/module_arguments.h"
#include "base/memory.h"
#include "base/numbers/instant.h"
#include "store/lookup/asof_table_sql.h"
#include "store/lookup/lookup_merge_sql.h"

typedef struct column_set {
    sqlite3_uint64 used;
} column_set;

/* Bit 63 stands for all columns from 63 on. */
static bool is_used(const void *set, int column) {
    return ((const column_set *)set)->used >> (column < 63 ? column : 63) & 1;
}

/* The number of the plan for these columns, a new one if there is none yet. */
static int find_plan(asof_vtab *vtab, sqlite3_uint64 used, int *number) {
    for (size_t i = 0; i < vtab->n_plans; i++) {
        if (vtab->plans[i]->used == used) {
            *number = (int)i;
            return SQLITE_OK;
        }
    }
    athlete_status status = memory_reserve(NULL, &vtab->plans, &vtab->plans_capacity, vtab->n_plans + 1);
    asof_plan *plan = status == ATHLETE_OK ? memory_zeroed(NULL, 1, sizeof *plan) : NULL;
    if (!plan) return SQLITE_NOMEM;
    plan->used = used;
    column_set set = {used};
    if (lookup_plan_open(&plan->columns, &vtab->group, &vtab->rules, is_used, &set) != SQLITE_OK) {
        memory_free(NULL, plan);
        return SQLITE_NOMEM;
    }
    const int hidden = vtab->group.n_columns;
    plan->columns.wants_age = is_used(&set, hidden + HIDDEN_AGE);
    plan->columns.wants_times =
        is_used(&set, hidden + HIDDEN_TIMESTAMP) || is_used(&set, hidden + HIDDEN_AVAILABLE);
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
    sqlite3_str_appendf(out, " and %s %s as_of", timestamp, vtab->rules.strict ? "<" : "<=");
    if (!vtab->rules.backfill)
        sqlite3_str_appendf(out, " and %s <= as_of", group->columns[group->available].name);
    if (group->lookback_us >= 0)
        sqlite3_str_appendf(out, ", at most %!.6g days old",
                            (double)group->lookback_us / (double)INSTANT_US_PER_DAY);
    sqlite3_str_appendf(out, ", by index %s", group->sources[GROUP_CURRENT].index);
    if (group->sources[GROUP_HISTORY].table)
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
static int read_constraints(const asof_vtab *vtab, sqlite3_index_info *info, int key_at[], int *as_of_at,
                            athlete_fault *fault) {
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
            return status_code(fault_refuse(fault, "as_of must be given with ="));
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
        return status_code(fault_refuse(fault, "%s needs %s = … for each request",
                                        group->sources[GROUP_CURRENT].table,
                                        group->columns[group->keys[k]].name));
    }
    return SQLITE_OK;
}

static int asof_plan_query(asof_vtab *vtab, sqlite3_index_info *info, athlete_fault *fault) {
    const feature_group *group = &vtab->group;
    int key_at[GROUP_KEYS_MAX], as_of_at;
    int rc = read_constraints(vtab, info, key_at, &as_of_at, fault);
    if (rc != SQLITE_OK) return rc;
    for (int k = 0; k < group->n_keys; k++) {
        const group_column *key = &group->columns[group->keys[k]];
        const char *collation = sqlite3_vtab_collation(info, key_at[k]);
        if (collation && sqlite3_stricmp(collation, key->collation) != 0) {
            return status_code(fault_refuse(fault, "%s is compared with the collation %s, its index has %s",
                                            key->name, collation, key->collation));
        }
        info->aConstraintUsage[key_at[k]].argvIndex = k + 1;
        info->aConstraintUsage[key_at[k]].omit = 1;
    }
    if (as_of_at >= 0) {
        info->aConstraintUsage[as_of_at].argvIndex = group->n_keys + 1;
        info->aConstraintUsage[as_of_at].omit = 1;
    }
    rc = find_plan(vtab, info->colUsed, &info->idxNum);
    if (rc != SQLITE_OK) return rc;
    info->idxStr = explain(vtab, vtab->plans[info->idxNum]);
    if (!info->idxStr) return SQLITE_NOMEM;
    info->needToFreeIdxStr = 1;
    info->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    info->estimatedRows = 1;
    info->estimatedCost = 10;
    return SQLITE_OK;
}

int asof_best_index(sqlite3_vtab *base, sqlite3_index_info *info) {
    asof_vtab *vtab = (asof_vtab *)base;
    athlete_fault fault = {""};
    int rc = asof_plan_query(vtab, info, &fault);
    return rc == SQLITE_OK ? rc : module_fail(vtab->function, &base->zErrMsg, rc, &fault);
}

void asof_forget_plans(asof_vtab *vtab) {
    for (size_t i = 0; i < vtab->n_plans; i++) {
        asof_plan *plan = vtab->plans[i];
        while (plan->n_idle > 0) lookup_close(plan->idle[--plan->n_idle]);
        lookup_plan_close(&plan->columns);
        memory_free(NULL, plan);
    }
    memory_free(NULL, vtab->plans);
    vtab->plans = NULL;
    vtab->n_plans = 0;
}
