#include "store/lookup/group_sql.h"

#include <string.h>
#include "base/binding/catalog.h"
#include "base/binding/module_arguments.h"
#include "base/memory.h"
#include "base/numbers/instant.h"
#include "base/text/json_text.h"
#include "store/definition/registration_sql.h"
#include "store/lookup/group_index_sql.h"

/* --- columns ---------------------------------------------------------------------------------------------- */

/* Which affinity a declared type has: https://www.sqlite.org/datatype3.html section 3.1. Declared again by that name
** alone, since a type is any text. */
static const char *affinity_of(const char *type) {
    static const char *const rules[][2] = {{"INT", "INTEGER"}, {"CHAR", "TEXT"}, {"CLOB", "TEXT"},
                                           {"TEXT", "TEXT"},   {"BLOB", ""},     {"REAL", "REAL"},
                                           {"FLOA", "REAL"},   {"DOUB", "REAL"}};
    if (*type == '\0') return "";
    for (size_t rule = 0; rule < sizeof rules / sizeof *rules; rule++) {
        for (const char *at = type; *at; at++)
            if (sqlite3_strnicmp(at, rules[rule][0], (int)strlen(rules[rule][0])) == 0) return rules[rule][1];
    }
    return "NUMERIC";
}

/* SQLite's own name for a collation, which lives as long as the program; NULL for a collation of the caller's. */
static const char *collation_of(const char *name) {
    static const char *const known[] = {"BINARY", "NOCASE", "RTRIM"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (sqlite3_stricmp(known[i], name) == 0) return known[i];
    return NULL;
}

static int group_add_column(feature_group *group, size_t *capacity, const char *name, const char *type) {
    athlete_status status = memory_reserve(NULL, &group->columns, capacity, (size_t)group->n_columns + 1);
    if (status != ATHLETE_OK) return SQLITE_NOMEM;
    group_column *column = &group->columns[group->n_columns];
    *column = (group_column){catalog_copy(name), affinity_of(type), "BINARY"};
    if (!column->name) return SQLITE_NOMEM;
    group->n_columns++;
    const char *collation = NULL;
    if (sqlite3_table_column_metadata(group->db, group->schema, group->sources[GROUP_CURRENT].table, name,
                                      NULL, &collation, NULL, NULL, NULL) == SQLITE_OK &&
        collation) {
        column->collation = collation_of(collation);
    }
    return SQLITE_OK;
}

/* Whether a column is one of a version, of which `list` has the names. */
static bool is_of_version(const cJSON *list, const char *name) {
    const cJSON *each;
    cJSON_ArrayForEach(each, list) {
        if (cJSON_IsString(each) && sqlite3_stricmp(each->valuestring, name) == 0) return true;
    }
    return false;
}

/* All columns of the table, or those that the version had which was named. */
static int read_columns(feature_group *group, const char *version_columns, athlete_fault *fault) {
    sqlite3_stmt *list;
    cJSON *own = NULL;
    if (version_columns && json_parse(version_columns, strlen(version_columns), &own, fault) != ATHLETE_OK)
        return SQLITE_NOMEM; /* SQLite wrote it */
    int rc = catalog_ask(group->db, &list, fault, "PRAGMA \"%w\".table_xinfo(%Q)", group->schema,
                         group->sources[GROUP_CURRENT].table);
    size_t capacity = 0;
    while (rc == SQLITE_OK && (rc = sqlite3_step(list)) == SQLITE_ROW) {
        rc = SQLITE_OK;
        if (sqlite3_column_int(list, 6) == 1) continue; /* hidden */
        if (own && !is_of_version(own, catalog_text(list, 1))) continue;
        rc = group_add_column(group, &capacity, catalog_text(list, 1), catalog_text(list, 2));
    }
    cJSON_Delete(own);
    return list ? catalog_ended(group->db, list, rc, fault) : rc;
}

static const char *free_rowid_name(const feature_group *group) {
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    for (int i = 0; i < 3; i++)
        if (group_column_named(group, names[i]) < 0) return names[i];
    return NULL;
}

/* --- names ---------------------------------------------------------------------------------------------- */

static int name_key(feature_group *group, const char *name, athlete_fault *fault) {
    int column = group_column_named(group, name);
    if (column < 0) {
        return status_code(fault_refuse(fault, "entity key %.40s is no column of %s", name,
                                        group->sources[GROUP_CURRENT].table));
    }
    if (group->n_keys == GROUP_KEYS_MAX)
        return status_code(fault_refuse(fault, "more than %d entity keys", GROUP_KEYS_MAX));
    for (int i = 0; i < group->n_keys; i++)
        if (group->keys[i] == column)
            return status_code(fault_refuse(fault, "entity key %.40s is named twice", name));
    group->keys[group->n_keys++] = column;
    return SQLITE_OK;
}

/* "athlete_id, lap" */
static int name_keys(feature_group *group, const char *list, athlete_fault *fault) {
    int rc = SQLITE_OK;
    group->n_keys = 0;
    while (rc == SQLITE_OK) {
        size_t length = strcspn(list, ",");
        char *name = unquoted(list, length);
        rc = name ? name_key(group, name, fault) : SQLITE_NOMEM;
        sqlite3_free(name);
        if (list[length] == '\0') break;
        list += length + 1;
    }
    return rc;
}

/* ["athlete_id", "lap"], as the registry writes it. */
static int name_keys_json(feature_group *group, const char *json, athlete_fault *fault) {
    cJSON *tree;
    athlete_status status = json_parse(json, strlen(json), &tree, fault);
    if (status == ATHLETE_NOMEM) return SQLITE_NOMEM;
    if (status != ATHLETE_OK)
        return status_code(fault_refuse(fault, "feature_groups_current: entity_keys are no JSON list"));
    int rc = SQLITE_OK;
    const cJSON *key;
    group->n_keys = 0;
    cJSON_ArrayForEach(key, tree) {
        if (rc != SQLITE_OK) break;
        rc = cJSON_IsString(key)
                 ? name_key(group, key->valuestring, fault)
                 : status_code(fault_refuse(fault, "feature_groups_current: entity_keys must be names"));
    }
    cJSON_Delete(tree);
    return rc;
}

static int name_time(const feature_group *group, const char *name, const char *option, const char *usual,
                     bool required, int *column, athlete_fault *fault) {
    *column = group_column_named(group, name ? name : usual);
    const char *table = group->sources[GROUP_CURRENT].table;
    if (*column < 0 && name)
        return status_code(fault_refuse(fault, "%s column %.40s is no column of %s", option, name, table));
    if (*column < 0 && required) {
        return status_code(fault_refuse(fault, "%s has no column %s: name it, %s='…'%s", table, usual, option,
                                        strcmp(option, "available") == 0
                                            ? ", or say backfill=1 to see values before they were known"
                                            : ""));
    }
    if (*column >= 0 &&
        (!group->columns[*column].collation || strcmp(group->columns[*column].collation, "BINARY") != 0)) {
        return status_code(fault_refuse(fault, "%s column %s has a collation, which is no order of time",
                                        option, group->columns[*column].name));
    }
    return SQLITE_OK;
}

/* --- opening -------------------------------------------------------------------------------------------- */

static int open_history(feature_group *group, const char *name, athlete_fault *fault) {
    if (name && strcmp(name, "0") == 0) return SQLITE_OK;
    group_source *source = &group->sources[GROUP_HISTORY];
    if (group->publication && !name) {
        *source = group->sources[GROUP_CURRENT];
        source->index = catalog_copy(source->index);
        source->table = catalog_copy(source->table);
        return source->index && source->table ? SQLITE_OK : SQLITE_NOMEM;
    }
    char *usual = sqlite3_mprintf("%s_history", group->sources[GROUP_CURRENT].table);
    if (!usual) return SQLITE_NOMEM;
    catalog_table found;
    int rc = catalog_find(group->db, group->schema, name ? name : usual, &found, fault);
    if (rc == SQLITE_OK && !found.schema && name)
        rc = status_code(fault_refuse(fault, "there is no table %.60s", name));
    if (rc == SQLITE_OK && found.schema) {
        if (sqlite3_table_column_metadata(group->db, group->schema, found.name, "superseded_at", NULL, NULL,
                                          NULL, NULL, NULL) != SQLITE_OK) {
            rc = name ? status_code(fault_refuse(fault, "%.60s has no column superseded_at", name))
                      : SQLITE_OK;
        } else if (!found.is_table) {
            rc = status_code(fault_refuse(fault, "%.60s is not a table", found.name));
        } else {
            source->table = found.name;
            source->has_rowid = found.has_rowid;
            source->rowid = found.has_rowid ? free_rowid_name(group) : NULL;
            found.name = NULL;
            rc = group_index_find(group, source, fault);
        }
    }
    catalog_forget(&found);
    sqlite3_free(usual);
    return rc;
}

/* Of rows of one entity and time the last by the rest of the primary key answers: in the table that is the order of its index,
** and in the history it has to be the same, or a row that goes there would leave its place to another. */
static int find_ties(feature_group *group, const char *table, athlete_fault *fault) {
    group_source *history = &group->sources[GROUP_HISTORY];
    int places[GROUP_KEYS_MAX]; /* column by its place in the primary key */
    for (int i = 0; i < GROUP_KEYS_MAX; i++) places[i] = -1;
    sqlite3_stmt *list;
    int rc = catalog_ask(group->db, &list, fault, "PRAGMA \"%w\".table_info(%Q)", group->schema, table);
    while (rc == SQLITE_OK && (rc = sqlite3_step(list)) == SQLITE_ROW) {
        int place = sqlite3_column_int(list, 5);
        if (place >= 1 && place <= GROUP_KEYS_MAX)
            places[place - 1] = group_column_named(group, catalog_text(list, 1));
        rc = SQLITE_OK;
    }
    for (int i = 0; i < GROUP_KEYS_MAX; i++) {
        int column = places[i];
        bool tells = column >= 0 && column != group->timestamp && column != group->available;
        for (int k = 0; k < group->n_keys; k++) tells &= group->keys[k] != column;
        tells = tells && sqlite3_table_column_metadata(group->db, group->schema, history->table,
                                                       group->columns[column].name, NULL, NULL, NULL, NULL,
                                                       NULL) == SQLITE_OK;
        if (tells) group->ties[group->n_ties++] = column;
    }
    if (group->n_ties) history->order = ORDER_SORTED;
    return list ? catalog_ended(group->db, list, rc, fault) : rc;
}

static int open_table(feature_group *group, const registration *known, const char *name,
                      athlete_fault *fault) {
    const char *schema = known->schema;
    catalog_table found;
    int rc = catalog_find(group->db, schema, name, &found, fault);
    if (rc == SQLITE_OK && !found.schema) {
        rc =
            status_code(fault_refuse(fault, "%.60s is neither a registered feature group nor a table", name));
    } else if (rc == SQLITE_OK && !found.is_table) {
        rc = status_code(fault_refuse(
            fault, "%.60s is a view or a virtual table; a lookup needs a table with an index", name));
    }
    if (rc == SQLITE_OK) {
        group_source *source = &group->sources[GROUP_CURRENT];
        group->schema = found.schema;
        source->table = found.name;
        found.schema = found.name = NULL;
        rc = read_columns(group, known->columns, fault);
        source->has_rowid = found.has_rowid;
        source->rowid = found.has_rowid ? free_rowid_name(group) : NULL;
    }
    catalog_forget(&found);
    return rc;
}

static int read_lookback(feature_group *group, const char *named, const char *registered,
                         athlete_fault *fault) {
    const char *text = named ? named : registered;
    group->lookback_us = -1;
    if (!text || lookback_parse(text, &group->lookback_us)) return SQLITE_OK;
    return status_code(
        fault_refuse(fault, "lookback must be a duration such as '90 days', got '%.40s'", text));
}

/* Whether the registered columns of time are looked up, and the triggers are there that refuse any other form. */
static int find_keepers(feature_group *group, const registration *known, athlete_fault *fault) {
    bool is_own = known->timestamp && known->available && group->available >= 0 &&
                  sqlite3_stricmp(known->timestamp, group->columns[group->timestamp].name) == 0 &&
                  sqlite3_stricmp(known->available, group->columns[group->available].name) == 0;
    const char *history = group->sources[GROUP_HISTORY].table;
    sqlite3_stmt *query = NULL;
    if (!is_own) return SQLITE_OK;
    int rc = catalog_ask(
        group->db, &query, fault,
        "SELECT 1 FROM \"%w\".sqlite_schema WHERE type = 'trigger' AND (name = '%q_in_form' AND tbl_name = %Q"
        " OR name = '%q_in_form' AND tbl_name = %Q)",
        group->schema, group->sources[GROUP_CURRENT].table, group->sources[GROUP_CURRENT].table,
        history ? history : "", history);
    int found = 0;
    while (rc == SQLITE_OK && (rc = sqlite3_step(query)) == SQLITE_ROW) {
        found++;
        rc = SQLITE_OK;
    }
    if (query) rc = catalog_ended(group->db, query, rc, fault);
    group->keeps_times = rc == SQLITE_OK && found == (history && !group->publication ? 2 : 1);
    return rc;
}

int group_open(feature_group *group, sqlite3 *db, const group_names *names, athlete_fault *fault) {
    *group = (feature_group){.db = db, .available = -1, .timestamp = -1, .lookback_us = -1};
    registration known;
    int rc = registration_read(&known, db, names->group, fault);
    if (rc == SQLITE_OK && known.status && strcmp(known.status, "archived") == 0)
        rc = status_code(fault_refuse(fault, "%.60s is archived", names->group));
    group->publication = known.publication;
    char *earlier = rc == SQLITE_OK && known.publication ? sqlite3_mprintf("%s_earlier", known.table) : NULL;
    if (rc == SQLITE_OK && known.publication && !earlier) rc = SQLITE_NOMEM;
    if (rc == SQLITE_OK)
        rc = open_table(group, &known, earlier ? earlier : known.table ? known.table : names->group, fault);
    sqlite3_free(earlier);
    if (rc == SQLITE_OK && names->entity) rc = name_keys(group, names->entity, fault);
    else if (rc == SQLITE_OK && known.keys) rc = name_keys_json(group, known.keys, fault);
    if (rc == SQLITE_OK && group->n_keys == 0) {
        rc = status_code(
            fault_refuse(fault, "%.60s is not registered: name its keys, entity='…'", names->group));
    }
    if (rc == SQLITE_OK)
        rc = name_time(group, names->timestamp ? names->timestamp : known.timestamp, "timestamp",
                       "event_timestamp", true, &group->timestamp, fault);
    if (rc == SQLITE_OK)
        rc = name_time(group, names->available ? names->available : known.available, "available",
                       "available_at", names->needs_available, &group->available, fault);
    if (rc == SQLITE_OK) rc = read_lookback(group, names->lookback, known.lookback, fault);
    if (rc == SQLITE_OK) rc = group_index_find(group, &group->sources[GROUP_CURRENT], fault);
    if (rc == SQLITE_OK && names->needs_available) rc = open_history(group, names->history, fault);
    bool keeps_order = !group->sources[GROUP_CURRENT].has_rowid || group->publication;
    if (rc == SQLITE_OK && group->sources[GROUP_HISTORY].table && keeps_order)
        rc = find_ties(group, known.publication ? known.table : group->sources[GROUP_CURRENT].table, fault);
    if (rc == SQLITE_OK) rc = find_keepers(group, &known, fault);
    group->version = known.version;
    known.version = NULL;
    registration_forget(&known);
    if (rc != SQLITE_OK) group_close(group);
    return rc;
}
