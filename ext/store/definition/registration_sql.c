#include "store/definition/registration_sql.h"

#include <stddef.h>
#include <string.h>
#include "base/binding/catalog.h"
#include "base/binding/function.h"

enum { REGISTRATION_FIELDS = 8, VERSION_PARTS = 3 };

/* What stands behind the @ of a group's name. */
typedef struct named_version {
    int parts[VERSION_PARTS];
    int n_parts; /* 0: none was named */
    int build;
} named_version;

/* The fields in the order of the query. */
static void fields_of(registration *found, char **fields[REGISTRATION_FIELDS]) {
    char **all[REGISTRATION_FIELDS] = {&found->version,  &found->status,    &found->table,
                                       &found->keys,     &found->timestamp, &found->available,
                                       &found->lookback, &found->columns};
    for (int i = 0; i < REGISTRATION_FIELDS; i++) fields[i] = all[i];
}

static int registration_read_row(registration *found, sqlite3_stmt *query, const char *schema) {
    char **fields[REGISTRATION_FIELDS];
    fields_of(found, fields);
    if (!(found->schema = catalog_copy(schema))) return SQLITE_NOMEM;
    for (int i = 0; i < REGISTRATION_FIELDS; i++) {
        if (sqlite3_column_type(query, i) == SQLITE_NULL) continue;
        if (!(*fields[i] = catalog_copy(catalog_text(query, i)))) return SQLITE_NOMEM;
    }
    found->publication = sqlite3_column_int64(query, REGISTRATION_FIELDS);
    return SQLITE_OK;
}

/* --- the version ------------------------------------------------------------------------------------------ */

static const char *named_number(const char *at, int *number) {
    const char *begin = at;
    *number = 0;
    while (*at >= '0' && *at <= '9' && at - begin < 9) *number = *number * 10 + (*at++ - '0');
    return at == begin ? NULL : at;
}

/* "2", "2.0", "2.0.1", "2.0.1+2". What names no build of a version in full means its first, and what names several versions the last
** of all that was published. */
static bool named_version_read(const char *text, named_version *version) {
    *version = (named_version){.build = 0};
    const char *at = text;
    do {
        if (version->n_parts == VERSION_PARTS) return false;
        at = named_number(at + (version->n_parts > 0), &version->parts[version->n_parts]);
        version->n_parts++;
    } while (at && *at == '.');
    bool is_whole = version->n_parts == VERSION_PARTS;
    version->build = is_whole;
    if (at && is_whole && *at == '+') at = named_number(at + 1, &version->build);
    return at && *at == '\0' && version->build >= is_whole;
}

/* --- the registry ----------------------------------------------------------------------------------------- */

#define ROW_FIELDS                                                                                           \
    " status, table_name, entity_keys, timestamp_key, available_key,"                                        \
    " CASE typeof(lookback_days) WHEN 'real' THEN printf('%%.6f', lookback_days) ELSE lookback_days END,"

/* The version whose rows the table has, which may lag behind what is registered. */
#define PUBLISHED_VERSION                                                                                    \
    "COALESCE((SELECT printf('%%d.%%d.%%d', major, minor, patch) || CASE WHEN build > 1 THEN '+' || build "  \
    "ELSE '' END"                                                                                            \
    " FROM \"%w\".feature_publications AS p WHERE p.group_name = g.name ORDER BY p.publication_id DESC "     \
    "LIMIT 1), "

static int ask_current(sqlite3 *db, sqlite3_stmt **query, const char *schema, bool has_publications,
                       const char *name, athlete_fault *fault) {
    if (!has_publications) {
        return catalog_ask(db, query, fault,
                           "SELECT major || '.' || minor || '.' || patch," ROW_FIELDS " NULL, 0"
                           " FROM \"%w\".feature_groups_current WHERE name = %Q",
                           schema, name);
    }
    return catalog_ask(db, query, fault,
                       "SELECT " PUBLISHED_VERSION "printf('%%d.%%d.%%d', major, minor, patch))," ROW_FIELDS
                       " NULL, 0 FROM \"%w\".feature_groups_current AS g WHERE name = %Q",
                       schema, schema, name);
}

/* The rows of a version that has been published are in the table, unless a later publication has rows of its own: then they are those
** of the last one before it that had. Row: the fields, the publication, and whether it is not one of those that were published. */
static int ask_version(sqlite3 *db, sqlite3_stmt **query, const char *schema, bool has_publications,
                       const char *name, const named_version *version, athlete_fault *fault) {
    int minor = version->n_parts > 1 ? version->parts[1] : -1,
        patch = version->n_parts > 2 ? version->parts[2] : -1;
    const char *none = "(SELECT 0 AS publication_id, 0 AS group_name, 0 AS major, 0 AS minor, 0 AS patch, 0 "
                       "AS build, 0 AS is_new"
                       " WHERE false)";
    char *publications = has_publications ? sqlite3_mprintf("\"%w\".feature_publications", schema)
                                          : sqlite3_mprintf("%s", none);
    if (!publications) return SQLITE_NOMEM;
    int rc = catalog_ask(
        db, query, fault,
        "SELECT g.major || '.' || g.minor || '.' || g.patch || CASE WHEN p.build > 1 THEN '+' || p.build "
        "ELSE '' END," ROW_FIELDS
        " (SELECT json_group_array(name) FROM (SELECT name FROM \"%w\".features AS f"
        "  WHERE (f.group_name, f.major, f.minor, f.patch) = (g.name, g.major, g.minor, g.patch)"
        "  UNION SELECT value FROM json_each(g.entity_keys) UNION SELECT value FROM json_each(g.row_key)"
        "  UNION SELECT g.timestamp_key UNION SELECT g.available_key)),"
        " CASE WHEN EXISTS (SELECT 1 FROM %s AS l WHERE l.group_name = g.name AND l.is_new AND "
        "l.publication_id > p.publication_id)"
        "  THEN (SELECT MAX(l.publication_id) FROM %s AS l WHERE l.group_name = g.name AND l.is_new AND "
        "l.publication_id <= p.publication_id) END,"
        " p.publication_id IS NULL AND (%d > 1 OR EXISTS (SELECT 1 FROM %s AS l WHERE l.group_name = g.name))"
        " FROM \"%w\".feature_groups AS g LEFT JOIN %s AS p ON p.publication_id ="
        "  (SELECT %s(l.publication_id) FROM %s AS l WHERE (l.group_name, l.major, l.minor, l.patch)"
        "   = (g.name, g.major, g.minor, g.patch) AND %d IN (0, l.build))"
        " WHERE g.name = %Q AND g.major = %d AND %d IN (-1, g.minor) AND %d IN (-1, g.patch)"
        " ORDER BY p.publication_id IS NULL, g.major DESC, g.minor DESC, g.patch DESC LIMIT 1",
        schema, publications, publications, version->build, publications, schema, publications,
        version->build ? "MIN" : "MAX", publications, version->build, name, version->parts[0], minor, patch);
    sqlite3_free(publications);
    return rc;
}

static int is_in_registry(sqlite3 *db, const char *schema, const char *name, bool *found,
                          athlete_fault *fault) {
    sqlite3_stmt *query;
    int rc = catalog_ask(db, &query, fault, "SELECT 1 FROM \"%w\".feature_groups WHERE name = %Q LIMIT 1",
                         schema, name);
    if (rc != SQLITE_OK) return rc;
    rc = sqlite3_step(query);
    *found = rc == SQLITE_ROW;
    return catalog_ended(db, query, rc, fault);
}

static int read_current(registration *found, sqlite3 *db, const char *schema, bool has_publications,
                        const char *name, athlete_fault *fault) {
    sqlite3_stmt *query;
    int rc = ask_current(db, &query, schema, has_publications, name, fault);
    if (rc != SQLITE_OK) return rc;
    rc = sqlite3_step(query);
    if (rc == SQLITE_ROW) rc = registration_read_row(found, query, schema);
    return catalog_ended(db, query, rc, fault);
}

static int read_named_version(registration *found, sqlite3 *db, const char *schema, bool has_publications,
                              const char *name, const char *text, athlete_fault *fault) {
    named_version version;
    if (!named_version_read(text, &version)) {
        return status_code(fault_refuse(fault,
                                        "%.60s@%.40s: a version is written as 2, 2.0 or 2.0.1, or 2.0.1+2 as "
                                        "it was published for the second time",
                                        name, text));
    }
    sqlite3_stmt *query;
    int rc = ask_version(db, &query, schema, has_publications, name, &version, fault);
    if (rc != SQLITE_OK) return rc;
    rc = sqlite3_step(query);
    if (rc == SQLITE_DONE)
        rc = status_code(fault_refuse(fault, "there is no version %.40s of %.60s", text, name));
    else if (rc == SQLITE_ROW && sqlite3_column_int(query, REGISTRATION_FIELDS + 1))
        rc = status_code(fault_refuse(fault, "version %.40s of %.60s has not been published", text, name));
    else if (rc == SQLITE_ROW) rc = registration_read_row(found, query, schema);
    bool is_said = rc == SQLITE_ERROR && *fault->text;
    if (!is_said) return catalog_ended(db, query, rc, fault);
    sqlite3_finalize(query);
    return rc;
}

static int has_table(sqlite3 *db, const char *schema, const char *name, bool *found, athlete_fault *fault) {
    catalog_table table;
    int rc = catalog_find(db, schema, name, &table, fault);
    *found = rc == SQLITE_OK && table.schema;
    catalog_forget(&table);
    return rc;
}

static int read_of(registration *found, sqlite3 *db, const char *schema, const char *name,
                   athlete_fault *fault) {
    bool has_publications = false, is_group = false;
    const char *at = strrchr(name, '@');
    char *group = at ? sqlite3_mprintf("%.*s", (int)(at - name), name) : NULL;
    if (at && !group) return SQLITE_NOMEM;
    int rc = has_table(db, schema, "feature_publications", &has_publications, fault);
    if (rc == SQLITE_OK && at) rc = is_in_registry(db, schema, group, &is_group, fault);
    if (rc == SQLITE_OK)
        rc = is_group ? read_named_version(found, db, schema, has_publications, group, at + 1, fault)
                      : read_current(found, db, schema, has_publications, name, fault);
    sqlite3_free(group);
    return rc;
}

int registration_read(registration *found, sqlite3 *db, const char *name, athlete_fault *fault) {
    *found = (registration){.schema = NULL};
    catalog_table registry;
    int rc = catalog_find(db, NULL, "feature_groups_current", &registry, fault);
    if (rc == SQLITE_OK && registry.schema) rc = read_of(found, db, registry.schema, name, fault);
    catalog_forget(&registry);
    return rc;
}

void registration_forget(registration *found) {
    char **fields[REGISTRATION_FIELDS];
    fields_of(found, fields);
    for (int i = 0; i < REGISTRATION_FIELDS; i++) sqlite3_free(*fields[i]);
    sqlite3_free(found->schema);
}

int registration_types(char **types, sqlite3 *db, athlete_fault *fault) {
    *types = NULL;
    catalog_table registry;
    sqlite3_stmt *query = NULL;
    int rc = catalog_find(db, NULL, "feature_types", &registry, fault);
    if (rc == SQLITE_OK && registry.schema) {
        rc = catalog_ask(db, &query, fault,
                         "SELECT json_group_object(type, json_object('storage', storage, 'check', \"check\"))"
                         " FROM \"%w\".feature_types",
                         registry.schema);
    }
    if (rc == SQLITE_OK && query) {
        rc = sqlite3_step(query);
        if (rc == SQLITE_ROW && !(*types = catalog_copy(catalog_text(query, 0)))) rc = SQLITE_NOMEM;
        rc = catalog_ended(db, query, rc, fault);
    }
    catalog_forget(&registry);
    return rc;
}
