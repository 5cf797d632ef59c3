#include "store/training_columns_sql.h"

#include <string.h>
#include "base/binding/module_arguments.h"
#include "base/binding/query.h"
#include "base/judge/judge.h"
#include "base/memory.h"
#include "base/own_statement.h"
#include "store/statement/own_room_sql.h"
#include "store/lookup/group_sql.h"

/* --- columns -------------------------------------------------------------------------------------------- */

static int set_add_column(training_set *set, set_column column, athlete_fault *fault) {
    if (!column.name) return SQLITE_NOMEM;
    for (size_t i = 0; i < set->n_columns; i++) {
        if (sqlite3_stricmp(set->columns[i].name, column.name) != 0) continue;
        int rc = status_code(
            fault_refuse(fault, "two columns are named %.60s; give a lookup a prefix", column.name));
        sqlite3_free(column.name);
        return rc;
    }
    const cJSON *excluded;
    cJSON_ArrayForEach(excluded, set->spec.exclude) {
        column.excluded |= sqlite3_stricmp(excluded->valuestring, column.name) == 0;
    }
    athlete_status status = memory_reserve(NULL, &set->columns, &set->columns_capacity, set->n_columns + 1);
    if (status != ATHLETE_OK) {
        sqlite3_free(column.name);
        return SQLITE_NOMEM;
    }
    set->columns[set->n_columns++] = column;
    return SQLITE_OK;
}

static int label_named(const training_set *set, const char *name) {
    for (int i = 0; i < set->n_label_columns; i++)
        if (sqlite3_stricmp(set->columns[i].name, name) == 0) return i;
    return -1;
}

/* A specification is kept with its set, which is made again from it: its SQL is judged as SQL that a table keeps. */
static int set_judge(training_set *set, const char *sql, const char *subject, athlete_fault *fault) {
    athlete_status status = judge_query(set->db, sql, NULL, fault);
    if (status == ATHLETE_INVALID) fault_refuse(fault, "%s%s", subject, fault->text);
    return status_code(status);
}

int training_labels(training_set *set, sqlite3_stmt **labels, athlete_fault *fault) {
    *labels = NULL;
    int rc = set_judge(set, set->spec.labels, "labels: the query", fault);
    if (rc != SQLITE_OK) return rc;
    athlete_status status = query_open(set->db, set->spec.labels, 1, "keys, times and labels", labels, fault);
    if (status == ATHLETE_INVALID) fault_refuse(fault, "labels: %s", fault->text);
    return status_code(status);
}

static int add_label_columns(training_set *set, sqlite3_stmt **labels, athlete_fault *fault) {
    int rc = training_labels(set, labels, fault);
    for (int i = 0; rc == SQLITE_OK && i < sqlite3_column_count(*labels); i++) {
        char *name = sqlite3_mprintf("%s", sqlite3_column_name(*labels, i));
        rc = set_add_column(set, (set_column){.name = name, .origin = FROM_LABELS, .index = i}, fault);
        set->n_label_columns++;
    }
    return rc;
}

/* --- lookups -------------------------------------------------------------------------------------------- */

/* The keys as group_open wants them, from {"key": "column of the labels"}. */
static char *key_names(const lookup_spec *spec) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    const cJSON *key;
    cJSON_ArrayForEach(key, spec->keys) {
        sqlite3_str_appendf(out, "%s\"%w\"", sqlite3_str_length(out) ? "," : "", key->string);
    }
    return sqlite3_str_finish(out);
}

static int set_open_group(training_set *set, const lookup_spec *spec, feature_group *group,
                          athlete_fault *fault) {
    group_names names = {.group = spec->group,
                         .timestamp = spec->timestamp,
                         .available = spec->available,
                         .lookback = spec->lookback,
                         .history = spec->history,
                         .needs_available = !spec->backfill};
    bool has_keys = spec->keys && spec->keys->child;
    char *keys = has_keys ? key_names(spec) : NULL;
    if (has_keys && !keys) return SQLITE_NOMEM;
    names.entity = keys;
    int rc = group_open(group, set->db, &names, fault);
    if (rc != SQLITE_OK && *fault->text) fault_refuse(fault, "lookup %.60s: %s", spec->group, fault->text);
    sqlite3_free(keys);
    return rc;
}

static int no_label(const lookup_spec *spec, const char *what, const char *name, athlete_fault *fault) {
    return status_code(
        fault_refuse(fault, "lookup %.60s: %s %.60s is no column of the labels", spec->group, what, name));
}

/* Where in the labels a lookup's keys and moment are. */
static int map_request(training_set *set, const lookup_spec *spec, set_lookup *lookup, athlete_fault *fault) {
    const feature_group *group = &lookup->group;
    for (int k = 0; k < group->n_keys; k++) {
        const char *name = group->columns[group->keys[k]].name;
        const cJSON *mapped = NULL, *key;
        cJSON_ArrayForEach(key, spec->keys) {
            if (sqlite3_stricmp(key->string, name) == 0) mapped = key;
        }
        if (mapped) name = mapped->valuestring;
        lookup->keys[k] = label_named(set, name);
        if (lookup->keys[k] < 0) return no_label(spec, "key", name, fault);
    }
    const char *as_of = spec->as_of ? spec->as_of : set->spec.as_of;
    if (!as_of)
        return status_code(fault_refuse(fault, "lookup %.60s: name its moment, \"as_of\"", spec->group));
    lookup->as_of = label_named(set, as_of);
    return lookup->as_of < 0 ? no_label(spec, "as_of", as_of, fault) : SQLITE_OK;
}

static bool set_is_feature(const feature_group *group, int column) {
    for (int k = 0; k < group->n_keys; k++)
        if (group->keys[k] == column) return false;
    return column != group->timestamp && column != group->available;
}

static int set_add_feature(training_set *set, int number, int column, athlete_fault *fault) {
    const lookup_spec *spec = &set->spec.lookups[number];
    set_lookup *lookup = &set->lookups[number];
    const char *name = lookup->group.columns[column].name;
    lookup->wanted[column] = true;
    set_column added = {.name = sqlite3_mprintf("%s%s", spec->prefix ? spec->prefix : "", name),
                        .origin = FROM_LOOKUP,
                        .lookup = number,
                        .index = column,
                        .absent = cJSON_GetObjectItem(spec->defaults, name)};
    return set_add_column(set, added, fault);
}

static int set_add_features(training_set *set, int number, athlete_fault *fault) {
    const lookup_spec *spec = &set->spec.lookups[number];
    const feature_group *group = &set->lookups[number].group;
    int rc = SQLITE_OK;
    for (int i = 0; !spec->features && i < group->n_columns && rc == SQLITE_OK; i++)
        if (set_is_feature(group, i)) rc = set_add_feature(set, number, i, fault);
    const cJSON *feature;
    cJSON_ArrayForEach(feature, spec->features) {
        if (rc != SQLITE_OK) break;
        int column = group_column_named(group, feature->valuestring);
        rc = column >= 0 ? set_add_feature(set, number, column, fault)
                         : status_code(fault_refuse(fault, "lookup %.60s has no feature %.60s", spec->group,
                                                    feature->valuestring));
    }
    const cJSON *value;
    cJSON_ArrayForEach(value, spec->defaults) {
        if (rc != SQLITE_OK) break;
        int column = group_column_named(group, value->string);
        if (column < 0 || !set->lookups[number].wanted[column])
            rc = status_code(fault_refuse(fault,
                                          "lookup %.60s has a default for %.60s, which it does not read",
                                          spec->group, value->string));
        else if (!cJSON_IsNumber(value) && !cJSON_IsString(value) && !cJSON_IsBool(value))
            rc = status_code(
                fault_refuse(fault, "the default of %.60s must be a number or a text", value->string));
    }
    return rc;
}

static bool is_wanted(const void *wanted, int column) {
    return ((const bool *)wanted)[column];
}

static int open_lookup(training_set *set, int number, athlete_fault *fault) {
    const lookup_spec *spec = &set->spec.lookups[number];
    set_lookup *lookup = &set->lookups[number];
    int rc = set_open_group(set, spec, &lookup->group, fault);
    if (rc != SQLITE_OK) return rc;
    lookup->wanted = memory_zeroed(NULL, (size_t)lookup->group.n_columns, sizeof *lookup->wanted);
    if (!lookup->wanted) return SQLITE_NOMEM;
    rc = map_request(set, spec, lookup, fault);
    if (rc == SQLITE_OK) rc = set_add_features(set, number, fault);
    if (rc != SQLITE_OK) return rc;
    lookup_rules rules = {
        .strict = spec->strict, .ignore_nulls = spec->ignore_nulls, .backfill = spec->backfill};
    rc = lookup_plan_open(&lookup->plan, &lookup->group, &rules, is_wanted, lookup->wanted);
    lookup->plan.wants_times = true; /* row_sources tells them */
    lookup->has_plan = rc == SQLITE_OK;
    return rc;
}

/* --- expressions ---------------------------------------------------------------------------------------- */

int training_expressions(training_set *set, sqlite3_stmt **statement, athlete_fault *fault) {
    *statement = NULL;
    if (!set->expressions) return SQLITE_OK;
    const char *tail = NULL;
    own_room were = own_room_begin(set->db, 0, set->n_inputs, 0);
    int rc = own_prepare(set->db, set->expressions, statement, &tail);
    own_room_end(set->db, were);
    if (rc != SQLITE_OK) return status_code(status_of_code(set->db, rc, "computed: ", fault));
    bool is_one = tail && *tail == '\0' && sqlite3_stmt_readonly(*statement) &&
                  sqlite3_column_count(*statement) == set->n_expressions &&
                  sqlite3_bind_parameter_count(*statement) == set->n_inputs;
    if (is_one) return SQLITE_OK;
    sqlite3_finalize(*statement);
    *statement = NULL;
    return status_code(fault_refuse(fault, "computed: each must be one SQL expression"));
}

/* SELECT (expression), … FROM (SELECT ?1 AS "athlete_id", …), or with NULL for each value; a line of its own for each
** bracket, since an expression may end in a comment. */
static char *expressions_sql(const training_set *set, bool with_values) {
    sqlite3_str *sql = sqlite3_str_new(set->db);
    const cJSON *expression;
    const char *before = "SELECT ";
    cJSON_ArrayForEach(expression, set->spec.computed) {
        sqlite3_str_appendf(sql, "%s(%s\n)", before, expression->valuestring);
        before = ", ";
    }
    before = " FROM (SELECT ";
    for (int i = 0; i < set->n_inputs; i++) {
        sqlite3_str_appendall(sql, before);
        if (with_values) sqlite3_str_appendf(sql, "?%d", i + 1);
        else sqlite3_str_appendall(sql, "NULL");
        sqlite3_str_appendf(sql, " AS \"%w\"", set->columns[i].name);
        before = ", ";
    }
    sqlite3_str_appendall(sql, ")");
    return sqlite3_str_finish(sql);
}

static int judge_expressions(training_set *set, athlete_fault *fault) {
    static const char failed[] = " cannot be run";
    char *sql = expressions_sql(set, false);
    athlete_status status = sql ? judge_query(set->db, sql, NULL, fault) : ATHLETE_NOMEM;
    sqlite3_free(sql);
    if (status == ATHLETE_INVALID) {
        bool is_general = strncmp(fault->text, failed, strlen(failed)) == 0;
        fault_refuse(fault, "computed%s%s", is_general ? "" : ": an expression",
                     fault->text + (is_general ? strlen(failed) : 0));
    }
    return status_code(status);
}

static int add_expressions(training_set *set, athlete_fault *fault) {
    const cJSON *expression;
    set->n_inputs = (int)set->n_columns;
    if (!set->spec.computed || !set->spec.computed->child) return SQLITE_OK;
    int n = 0, rc = judge_expressions(set, fault);
    if (rc != SQLITE_OK) return rc;
    set->expressions = expressions_sql(set, true);
    if (!set->expressions) return SQLITE_NOMEM;
    cJSON_ArrayForEach(expression, set->spec.computed) {
        set_column added = {
            .name = sqlite3_mprintf("%s", expression->string), .origin = FROM_EXPRESSION, .index = n++};
        if (rc == SQLITE_OK) rc = set_add_column(set, added, fault);
        else sqlite3_free(added.name);
    }
    set->n_expressions = n;
    sqlite3_stmt *checked = NULL;
    if (rc == SQLITE_OK) rc = training_expressions(set, &checked, fault);
    sqlite3_finalize(checked);
    return rc;
}

/* --- life ----------------------------------------------------------------------------------------------- */

/* A name that leaves nothing out is a typing error, and the column that it meant would be learned from. */
static int check_excluded(const training_set *set, athlete_fault *fault) {
    const cJSON *excluded;
    cJSON_ArrayForEach(excluded, set->spec.exclude) {
        bool found = false;
        for (size_t i = 0; i < set->n_columns; i++)
            found |= sqlite3_stricmp(excluded->valuestring, set->columns[i].name) == 0;
        if (!found)
            return status_code(
                fault_refuse(fault, "exclude: %.60s is no column of the set", excluded->valuestring));
    }
    for (size_t i = 0; i < set->n_columns; i++)
        if (!set->columns[i].excluded) return SQLITE_OK;
    return status_code(fault_refuse(fault, "exclude: no column of the set is left"));
}

int training_set_open(training_set *set, sqlite3 *db, const athlete_function *function, const char *json,
                      sqlite3_stmt **labels, athlete_fault *fault) {
    *set = (training_set){.db = db, .function = function};
    sqlite3_stmt *own = NULL;
    int rc = status_code(training_spec_read(&set->spec, json, fault));
    if (rc == SQLITE_OK) rc = add_label_columns(set, labels ? labels : &own, fault);
    sqlite3_finalize(own);
    if (rc != SQLITE_OK) return rc;
    set->lookups = memory_zeroed(NULL, (size_t)set->spec.n_lookups, sizeof *set->lookups);
    if (!set->lookups) return SQLITE_NOMEM;
    for (int i = 0; i < set->spec.n_lookups && rc == SQLITE_OK; i++) rc = open_lookup(set, i, fault);
    if (rc == SQLITE_OK) rc = add_expressions(set, fault);
    return rc == SQLITE_OK ? check_excluded(set, fault) : rc;
}

void training_set_close(training_set *set) {
    for (int i = 0; set->lookups && i < set->spec.n_lookups; i++) {
        if (set->lookups[i].has_plan) lookup_plan_close(&set->lookups[i].plan);
        memory_free(NULL, set->lookups[i].wanted);
        group_close(&set->lookups[i].group);
    }
    memory_free(NULL, set->lookups);
    for (size_t i = 0; i < set->n_columns; i++) sqlite3_free(set->columns[i].name);
    memory_free(NULL, set->columns);
    sqlite3_free(set->expressions);
    training_spec_close(&set->spec);
}
