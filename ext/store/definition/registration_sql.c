#include "store/definition/registration_sql.h"

#include <stddef.h>
#include "base/binding/catalog.h"

enum { REGISTRATION_FIELDS = 7 };

/* The fields in the order of the query. */
static void fields_of(registration *found, char **fields[REGISTRATION_FIELDS]) {
    char **all[REGISTRATION_FIELDS] = {&found->version,   &found->status,    &found->table,   &found->keys,
                                       &found->timestamp, &found->available, &found->lookback};
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
    return SQLITE_OK;
}

int registration_read(registration *found, sqlite3 *db, const char *name, athlete_fault *fault) {
    *found = (registration){.schema = NULL};
    catalog_table registry;
    sqlite3_stmt *query = NULL;
    int rc = catalog_find(db, NULL, "feature_groups_current", &registry, fault);
    if (rc == SQLITE_OK && registry.schema) {
        rc = catalog_ask(
            db, &query, fault,
            "SELECT major || '.' || minor || '.' || patch, status, table_name, entity_keys, timestamp_key,"
            " available_key, CASE typeof(lookback_days) WHEN 'real' THEN printf('%%.6f', lookback_days) ELSE"
            " lookback_days END FROM \"%w\".feature_groups_current WHERE name = %Q",
            registry.schema, name);
    }
    if (rc == SQLITE_OK && query) {
        rc = sqlite3_step(query);
        if (rc == SQLITE_ROW) rc = registration_read_row(found, query, registry.schema);
        rc = catalog_ended(db, query, rc, fault);
    }
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
