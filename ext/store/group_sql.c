#include "store/group_sql.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include "base/json_text.h"
#include "base/memory.h"
#include "store/instant.h"
#include "store/module_arguments_sql.h"

static int say(char **message, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    sqlite3_free(*message);
    *message = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    return *message ? SQLITE_ERROR : SQLITE_NOMEM;
}

static int say_error(sqlite3 *db, int rc, char **message) {
    if (rc == SQLITE_NOMEM || rc == SQLITE_INTERRUPT) return rc;
    int said = say(message, "%s", sqlite3_errmsg(db));
    return said == SQLITE_NOMEM ? said : rc;
}

/* Prepares a statement whose text is made here. */
static int ask(sqlite3 *db, sqlite3_stmt **statement, char **message, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *sql = sqlite3_vmprintf(format, arguments);
    va_end(arguments);
    *statement = NULL;
    if (!sql) return SQLITE_NOMEM;
    int rc = sqlite3_prepare_v2(db, sql, -1, statement, NULL);
    sqlite3_free(sql);
    return rc == SQLITE_OK ? rc : say_error(db, rc, message);
}

/* Ends a statement: the code of a loop that ended with `rc`, SQLITE_OK after the last row. */
static int ended(sqlite3 *db, sqlite3_stmt *statement, int rc, char **message) {
    if (rc == SQLITE_DONE || rc == SQLITE_ROW) rc = SQLITE_OK;
    else if (rc != SQLITE_OK) rc = say_error(db, rc, message);
    sqlite3_finalize(statement);
    return rc;
}

static const char *text_of(sqlite3_stmt *statement, int column) {
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

static char *copy(const char *text) {
    return sqlite3_mprintf("%s", text);
}

int group_column_named(const feature_group *group, const char *name) {
    for (int i = 0; i < group->n_columns; i++)
        if (sqlite3_stricmp(group->columns[i].name, name) == 0) return i;
    return -1;
}

/* --- tables --------------------------------------------------------------------------------------------- */

typedef struct table_found {
    char *schema;
    char *name;
    bool is_table; /* and no view or virtual table */
    bool has_rowid;
} table_found;

/* An unqualified name means temp's table before main's before those of attached files, as in any query. With `schema` only
** that one is looked at. *found is zero if there is none. */
static int find_table(sqlite3 *db, const char *schema, const char *name, table_found *found, char **message) {
    *found = (table_found){NULL, NULL, false, false};
    sqlite3_stmt *list;
    int rc = ask(db, &list, message, "PRAGMA table_list(%Q)", name);
    if (rc != SQLITE_OK) return rc;
    int best = INT_MAX;
    while ((rc = sqlite3_step(list)) == SQLITE_ROW) {
        const char *of = text_of(list, 0), *kind = text_of(list, 2);
        int rank = strcmp(of, "temp") == 0 ? 0 : strcmp(of, "main") == 0 ? 1 : 2;
        if (rank >= best || (schema && sqlite3_stricmp(of, schema) != 0)) continue;
        best = rank;
        sqlite3_free(found->schema);
        sqlite3_free(found->name);
        *found = (table_found){copy(of), copy(text_of(list, 1)),
                               strcmp(kind, "table") == 0 || strcmp(kind, "shadow") == 0,
                               !sqlite3_column_int(list, 4)};
        if (!found->schema || !found->name) {
            rc = SQLITE_NOMEM;
            break;
        }
    }
    return ended(db, list, rc, message);
}

static void table_forget(table_found *found) {
    sqlite3_free(found->schema);
    sqlite3_free(found->name);
}

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

static int add_column(feature_group *group, size_t *capacity, const char *name, const char *type) {
    void *block = group->columns;
    athlete_status status =
        memory_grow(NULL, &block, capacity, (size_t)group->n_columns + 1, sizeof *group->columns);
    group->columns = block;
    if (status != ATHLETE_OK) return SQLITE_NOMEM;
    group_column *column = &group->columns[group->n_columns];
    *column = (group_column){copy(name), affinity_of(type), "BINARY"};
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

static int read_columns(feature_group *group, char **message) {
    sqlite3_stmt *list;
    int rc = ask(group->db, &list, message, "PRAGMA \"%w\".table_xinfo(%Q)", group->schema,
                 group->sources[GROUP_CURRENT].table);
    if (rc != SQLITE_OK) return rc;
    size_t capacity = 0;
    while ((rc = sqlite3_step(list)) == SQLITE_ROW) {
        if (sqlite3_column_int(list, 6) == 1) continue; /* hidden */
        rc = add_column(group, &capacity, text_of(list, 1), text_of(list, 2));
        if (rc != SQLITE_OK) break;
    }
    return ended(group->db, list, rc, message);
}

static const char *free_rowid_name(const feature_group *group) {
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    for (int i = 0; i < 3; i++)
        if (group_column_named(group, names[i]) < 0) return names[i];
    return NULL;
}

/* --- the index ------------------------------------------------------------------------------------------ */

/* How well an index serves: 0 not at all, 1 keys and timestamp first, 2 and then the time of availability. Keys may
** stand in any order. */
static int rate_index(const feature_group *group, const char *index, int *rating, char **message) {
    sqlite3_stmt *list;
    int rc = ask(group->db, &list, message, "PRAGMA \"%w\".index_xinfo(%Q)", group->schema, index);
    if (rc != SQLITE_OK) return rc;
    unsigned seen = 0;
    bool fits = true;
    int place = 0;
    *rating = 0;
    while (fits && (rc = sqlite3_step(list)) == SQLITE_ROW) {
        int column = group_column_named(group, text_of(list, 2));
        const char *collation = column < 0 ? NULL : group->columns[column].collation;
        fits = collation && sqlite3_stricmp(collation, text_of(list, 4)) == 0;
        if (place < group->n_keys) {
            int key = 0;
            while (key < group->n_keys && group->keys[key] != column) key++;
            fits = fits && key < group->n_keys && !(seen & 1u << key);
            if (fits) seen |= 1u << key;
        } else if (place == group->n_keys) {
            fits = fits && column == group->timestamp;
            if (fits) *rating = 1;
        } else {
            if (fits && column == group->available) *rating = 2;
            break;
        }
        place++;
    }
    return ended(group->db, list, rc, message);
}

static int say_index(const feature_group *group, const char *table, char **message) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out,
                        "without an index on the keys and the timestamp every request would scan %s; make it with: "
                        "CREATE INDEX \"%w\".\"%w_asof\" ON \"%w\"(",
                        table, group->schema, table, table);
    for (int i = 0; i < group->n_keys; i++)
        sqlite3_str_appendf(out, "\"%w\", ", group->columns[group->keys[i]].name);
    sqlite3_str_appendf(out, "\"%w\"", group->columns[group->timestamp].name);
    if (group->available >= 0) sqlite3_str_appendf(out, ", \"%w\"", group->columns[group->available].name);
    sqlite3_str_appendall(out, ")");
    sqlite3_free(*message);
    *message = sqlite3_str_finish(out);
    return *message ? SQLITE_ERROR : SQLITE_NOMEM;
}

static int find_index(const feature_group *group, group_source *source, char **message) {
    sqlite3_stmt *list;
    int rc = ask(group->db, &list, message, "PRAGMA \"%w\".index_list(%Q)", group->schema, source->table);
    if (rc != SQLITE_OK) return rc;
    int best = 0;
    while (best < 2 && (rc = sqlite3_step(list)) == SQLITE_ROW) {
        int rating;
        if (sqlite3_column_int(list, 4)) continue; /* partial */
        if ((rc = rate_index(group, text_of(list, 1), &rating, message)) != SQLITE_OK) break;
        if (rating <= best) continue;
        best = rating;
        sqlite3_free(source->index);
        if (!(source->index = copy(text_of(list, 1)))) {
            rc = SQLITE_NOMEM;
            break;
        }
    }
    rc = ended(group->db, list, rc, message);
    return rc == SQLITE_OK && !source->index ? say_index(group, source->table, message) : rc;
}

/* --- names ---------------------------------------------------------------------------------------------- */

static int name_key(feature_group *group, const char *name, char **message) {
    int column = group_column_named(group, name);
    if (column < 0) {
        return say(message, "entity key %.40s is no column of %s", name, group->sources[GROUP_CURRENT].table);
    }
    if (group->n_keys == GROUP_KEYS_MAX) return say(message, "more than %d entity keys", GROUP_KEYS_MAX);
    for (int i = 0; i < group->n_keys; i++)
        if (group->keys[i] == column) return say(message, "entity key %.40s is named twice", name);
    group->keys[group->n_keys++] = column;
    return SQLITE_OK;
}

/* "athlete_id, lap" */
static int name_keys(feature_group *group, const char *list, char **message) {
    int rc = SQLITE_OK;
    group->n_keys = 0;
    while (rc == SQLITE_OK) {
        size_t length = strcspn(list, ",");
        char *name = unquoted(list, length);
        rc = name ? name_key(group, name, message) : SQLITE_NOMEM;
        sqlite3_free(name);
        if (list[length] == '\0') break;
        list += length + 1;
    }
    return rc;
}

/* ["athlete_id", "lap"], as the registry writes it. */
static int name_keys_json(feature_group *group, const char *json, char **message) {
    cJSON *tree;
    json_fault fault;
    athlete_status status = json_parse(json, strlen(json), &tree, &fault);
    if (status == ATHLETE_NOMEM) return SQLITE_NOMEM;
    if (status != ATHLETE_OK) return say(message, "feature_groups: entity_keys are no JSON list");
    int rc = SQLITE_OK;
    const cJSON *key;
    group->n_keys = 0;
    cJSON_ArrayForEach(key, tree) {
        if (rc != SQLITE_OK) break;
        rc = cJSON_IsString(key) ? name_key(group, key->valuestring, message)
                                 : say(message, "feature_groups: entity_keys must be names");
    }
    cJSON_Delete(tree);
    return rc;
}

static int name_time(const feature_group *group, const char *name, const char *option, const char *usual,
                     bool required, int *column, char **message) {
    *column = group_column_named(group, name ? name : usual);
    const char *table = group->sources[GROUP_CURRENT].table;
    if (*column < 0 && name) return say(message, "%s column %.40s is no column of %s", option, name, table);
    if (*column < 0 && required) {
        return say(message, "%s has no column %s: name it, %s='…'%s", table, usual, option,
                   strcmp(option, "available") == 0
                       ? ", or say backfill=1 to see values before they were known"
                       : "");
    }
    if (*column >= 0 && (!group->columns[*column].collation ||
                         strcmp(group->columns[*column].collation, "BINARY") != 0)) {
        return say(message, "%s column %s has a collation, which is no order of time", option,
                   group->columns[*column].name);
    }
    return SQLITE_OK;
}

/* --- opening -------------------------------------------------------------------------------------------- */

/* What the registry says of a group; all NULL if it does not know it. */
typedef struct registration {
    char *version, *status, *table, *keys, *timestamp, *available, *lookback;
} registration;

static int read_registration(sqlite3 *db, const char *name, registration *found, char **schema,
                             char **message) {
    table_found registry;
    int rc = find_table(db, NULL, "feature_groups", &registry, message);
    if (rc == SQLITE_OK && registry.schema) {
        sqlite3_stmt *query;
        rc = ask(db, &query, message,
                 "SELECT major || '.' || minor || '.' || patch, status, table_name, entity_keys, timestamp_key,"
                 " available_key, lookback_days FROM \"%w\".feature_groups WHERE name = %Q ORDER BY CASE status"
                 " WHEN 'active' THEN 0 WHEN 'deprecated' THEN 1 WHEN 'draft' THEN 2 ELSE 3 END,"
                 " major DESC, minor DESC, patch DESC LIMIT 1",
                 registry.schema, name);
        if (rc == SQLITE_OK && (rc = sqlite3_step(query)) == SQLITE_ROW) {
            char **fields[] = {&found->version,   &found->status,    &found->table,   &found->keys,
                               &found->timestamp, &found->available, &found->lookback};
            for (int i = 0; i < 7; i++) {
                if (sqlite3_column_type(query, i) == SQLITE_NULL) continue;
                if (!(*fields[i] = copy(text_of(query, i)))) rc = SQLITE_NOMEM;
            }
            if (rc == SQLITE_ROW && !(*schema = copy(registry.schema))) rc = SQLITE_NOMEM;
        }
        if (rc != SQLITE_OK || query) rc = ended(db, query, rc, message);
    }
    table_forget(&registry);
    return rc;
}

static void registration_forget(registration *found) {
    char *fields[] = {found->version,   found->status,    found->table,   found->keys,
                      found->timestamp, found->available, found->lookback};
    for (int i = 0; i < 7; i++) sqlite3_free(fields[i]);
}

static int open_history(feature_group *group, const char *name, char **message) {
    if (name && strcmp(name, "0") == 0) return SQLITE_OK;
    group_source *source = &group->sources[GROUP_HISTORY];
    char *usual = sqlite3_mprintf("%s_history", group->sources[GROUP_CURRENT].table);
    if (!usual) return SQLITE_NOMEM;
    table_found found;
    int rc = find_table(group->db, group->schema, name ? name : usual, &found, message);
    if (rc == SQLITE_OK && !found.schema && name) rc = say(message, "there is no table %.60s", name);
    if (rc == SQLITE_OK && found.schema) {
        if (sqlite3_table_column_metadata(group->db, group->schema, found.name, "superseded_at", NULL, NULL, NULL,
                                          NULL, NULL) != SQLITE_OK) {
            rc = name ? say(message, "%.60s has no column superseded_at", name) : SQLITE_OK;
        } else if (!found.is_table) {
            rc = say(message, "%.60s is not a table", found.name);
        } else {
            source->table = found.name;
            source->rowid = found.has_rowid ? free_rowid_name(group) : NULL;
            found.name = NULL;
            rc = find_index(group, source, message);
        }
    }
    table_forget(&found);
    sqlite3_free(usual);
    return rc;
}

static int open_table(feature_group *group, const char *schema, const char *name, char **message) {
    table_found found;
    int rc = find_table(group->db, schema, name, &found, message);
    if (rc == SQLITE_OK && !found.schema) {
        rc = say(message, "%.60s is neither a registered feature group nor a table", name);
    } else if (rc == SQLITE_OK && !found.is_table) {
        rc = say(message, "%.60s is a view or a virtual table; a lookup needs a table with an index", name);
    }
    if (rc == SQLITE_OK) {
        group_source *source = &group->sources[GROUP_CURRENT];
        group->schema = found.schema;
        source->table = found.name;
        found.schema = found.name = NULL;
        rc = read_columns(group, message);
        source->rowid = found.has_rowid ? free_rowid_name(group) : NULL;
    }
    table_forget(&found);
    return rc;
}

static int read_lookback(feature_group *group, const char *named, const char *registered, char **message) {
    const char *text = named ? named : registered;
    group->lookback_us = -1;
    if (!text || lookback_parse(text, &group->lookback_us)) return SQLITE_OK;
    return say(message, "lookback must be a duration such as '90 days', got '%.40s'", text);
}

int group_open(feature_group *group, sqlite3 *db, const group_names *names, char **message) {
    *group = (feature_group){.db = db, .available = -1, .timestamp = -1, .lookback_us = -1};
    registration known = {.version = NULL};
    char *schema = NULL;
    int rc = read_registration(db, names->group, &known, &schema, message);
    if (rc == SQLITE_OK && known.status && strcmp(known.status, "archived") == 0)
        rc = say(message, "%.60s is archived", names->group);
    if (rc == SQLITE_OK) rc = open_table(group, schema, known.table ? known.table : names->group, message);
    if (rc == SQLITE_OK && names->entity) rc = name_keys(group, names->entity, message);
    else if (rc == SQLITE_OK && known.keys) rc = name_keys_json(group, known.keys, message);
    if (rc == SQLITE_OK && group->n_keys == 0) {
        rc = say(message, "%.60s is not registered: name its keys, entity='…'", names->group);
    }
    if (rc == SQLITE_OK)
        rc = name_time(group, names->timestamp ? names->timestamp : known.timestamp, "timestamp",
                       "event_timestamp", true, &group->timestamp, message);
    if (rc == SQLITE_OK)
        rc = name_time(group, names->available ? names->available : known.available, "available", "available_at",
                       names->needs_available, &group->available, message);
    if (rc == SQLITE_OK) rc = read_lookback(group, names->lookback, known.lookback, message);
    if (rc == SQLITE_OK) rc = find_index(group, &group->sources[GROUP_CURRENT], message);
    if (rc == SQLITE_OK && names->needs_available) rc = open_history(group, names->history, message);
    group->version = known.version;
    known.version = NULL;
    registration_forget(&known);
    sqlite3_free(schema);
    if (rc != SQLITE_OK) group_close(group);
    return rc;
}

void group_close(feature_group *group) {
    for (int i = 0; i < group->n_columns; i++) sqlite3_free(group->columns[i].name);
    memory_free(NULL, group->columns);
    for (int i = 0; i < GROUP_SOURCES; i++) {
        sqlite3_free(group->sources[i].table);
        sqlite3_free(group->sources[i].index);
    }
    sqlite3_free(group->schema);
    sqlite3_free(group->version);
    *group = (feature_group){.db = NULL};
}
