/* Whether there is room in a database for what a group would make there. */
#include "store/ingest/definition_trial_sql.h"

#include "base/binding/catalog.h"
#include "base/binding/function.h"

/* One text of a query of one row at most, as a copy; NULL without a row. */
static int ask_text(sqlite3 *db, char **found, athlete_fault *fault, const char *sql,
                    const char *const *values, int n) {
    sqlite3_stmt *query = NULL;
    *found = NULL;
    int rc = catalog_ask(db, &query, fault, "%s", sql);
    for (int i = 0; i < n && rc == SQLITE_OK; i++)
        rc = sqlite3_bind_text(query, i + 1, values[i], -1, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_step(query);
    if (rc == SQLITE_ROW && !(*found = catalog_copy(catalog_text(query, 0)))) rc = SQLITE_NOMEM;
    return query ? catalog_ended(db, query, rc, fault) : rc;
}

static athlete_status has_registry(sqlite3 *db, bool *found, athlete_fault *fault) {
    catalog_table registry;
    int rc = catalog_find(db, "main", "feature_groups", &registry, fault);
    *found = rc == SQLITE_OK && registry.schema;
    catalog_forget(&registry);
    return status_of(rc);
}

/* A table that a version of the group has made, or will make. */
static athlete_status find_own(sqlite3 *db, const feature_definition *definition, bool *is_own,
                               athlete_fault *fault) {
    const char *const values[] = {definition->name, definition->table};
    char *found;
    int rc = ask_text(
        db, &found, fault,
        "SELECT name FROM main.feature_groups WHERE name = ?1 AND table_name = ?2 COLLATE NOCASE LIMIT 1",
        values, 2);
    *is_own = found != NULL;
    sqlite3_free(found);
    return status_of(rc);
}

static athlete_status find_other_group(sqlite3 *db, const feature_definition *definition,
                                       athlete_fault *fault) {
    const char *const values[] = {definition->name, definition->table};
    char *found;
    int rc =
        ask_text(db, &found, fault,
                 "SELECT name FROM main.feature_groups WHERE name <> ?1 AND (name COLLATE NOCASE IN (?1, ?2)"
                 " OR table_name COLLATE NOCASE IN (?1, ?2)) LIMIT 1",
                 values, 2);
    if (rc == SQLITE_OK && found)
        rc = status_code(fault_refuse(fault, "the group %s has that name, or its table has", found));
    sqlite3_free(found);
    return status_of(rc);
}

/* <g>_<feature>_unique can be the name of another group's index, which has not been made yet. */
static athlete_status find_other_index(sqlite3 *db, const feature_definition *definition,
                                       athlete_fault *fault) {
    int rc = SQLITE_OK;
    for (int i = 0; i < definition->n_columns && rc == SQLITE_OK; i++) {
        if (!definition->columns[i].is_unique) continue;
        char *index = sqlite3_mprintf("%s_%s_unique", definition->table, definition->columns[i].name),
             *found = NULL;
        const char *const values[] = {definition->name, index};
        rc =
            index
                ? ask_text(
                      db, &found, fault,
                      "SELECT g.name FROM main.feature_groups AS g JOIN main.features AS f"
                      " ON (f.group_name, f.major, f.minor, f.patch) = (g.name, g.major, g.minor, g.patch)"
                      " WHERE g.name <> ?1 AND g.table_name || '_' || f.name || '_unique' = ?2 COLLATE NOCASE"
                      " AND json_extract(f.rules, '$.unique') LIMIT 1",
                      values, 2)
                : SQLITE_NOMEM;
        if (rc == SQLITE_OK && found)
            rc = status_code(fault_refuse(fault, "the index %s would be one of %s's, too", index, found));
        sqlite3_free(found);
        sqlite3_free(index);
    }
    return status_of(rc);
}

static athlete_status find_function(sqlite3 *db, const char *name, athlete_fault *fault) {
    char *found;
    int rc = ask_text(db, &found, fault, "SELECT name FROM pragma_module_list WHERE name = ?1 COLLATE NOCASE",
                      &name, 1);
    if (rc == SQLITE_OK && found)
        rc = status_code(fault_refuse(fault, "%s is the name of a table function", found));
    sqlite3_free(found);
    return status_of(rc);
}

/* What is there by the same statement is the group's: a stage makes the tables of the bundled groups. */
static athlete_status find_objects(private_db *own, sqlite3 *db, athlete_fault *fault) {
    sqlite3_stmt *made = NULL;
    int rc = catalog_ask(
        own->db, &made, fault,
        "SELECT name, COALESCE(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%%' ESCAPE '\\'"
        " AND name NOT IN ('ops_actor', 'ops_config', 'ops_audit', 'feature_rejects', "
        "'athlete_utc_offsets')");
    if (rc != SQLITE_OK) return status_of(rc);
    while ((rc = sqlite3_step(made)) == SQLITE_ROW) {
        const char *const values[] = {(const char *)sqlite3_column_text(made, 0),
                                      (const char *)sqlite3_column_text(made, 1)};
        char *found = NULL;
        rc =
            !values[0] || !values[1]
                ? SQLITE_NOMEM
                : ask_text(db, &found, fault,
                           "SELECT type || ' ' || name FROM main.sqlite_schema WHERE name = ?1 COLLATE NOCASE"
                           " AND sql IS NOT ?2 LIMIT 1",
                           values, 2);
        if (rc == SQLITE_OK && found)
            rc = status_code(fault_refuse(fault, "there is a %s already, which is not the group's", found));
        sqlite3_free(found);
        if (rc != SQLITE_OK) break;
    }
    sqlite3_finalize(made);
    return status_of(rc == SQLITE_DONE ? SQLITE_OK : rc);
}

athlete_status definition_find_room(private_db *own, sqlite3 *db, const feature_definition *definition,
                                    athlete_fault *fault) {
    bool is_registered = false, is_own = false;
    athlete_status status = has_registry(db, &is_registered, fault);
    if (status == ATHLETE_OK && is_registered) status = find_own(db, definition, &is_own, fault);
    if (status == ATHLETE_OK && is_registered) status = find_other_group(db, definition, fault);
    if (status == ATHLETE_OK && is_registered) status = find_other_index(db, definition, fault);
    if (status != ATHLETE_OK || is_own) return status;
    status = find_function(db, definition->name, fault);
    if (status == ATHLETE_OK) status = find_function(db, definition->table, fault);
    return status == ATHLETE_OK ? find_objects(own, db, fault) : status;
}
