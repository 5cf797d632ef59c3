#include "store/ingest/definition_trial_sql.h"

#include <string.h>
#include "base/binding/function.h"
#include "base/memory.h"
#include "store/definition/definition_rules_sql.h"
#include "store/ingest/definition_ddl_sql.h"
#include "store/ingest/definition_ingest_sql.h"

/* A row's rules may hold a query without end. */
#define TRIAL_STEPS_MAX 20000
#define STEP            1000 /* instructions of a statement */

typedef struct trial {
    private_db *own;
    int steps;
} trial;

static int count_steps(void *state) {
    trial *running = state;
    return ++running->steps > TRIAL_STEPS_MAX || poll_now(&running->own->poll);
}

/* The tables of the registry that the statements of a group write to. */
static const char registry[] =
    "CREATE TABLE ops_actor (who TEXT);"
    "INSERT INTO ops_actor VALUES ('trial');"
    "CREATE TABLE ops_audit (audit_id INTEGER PRIMARY KEY, at, who, action, object, detail);"
    "CREATE TABLE feature_rejects (reject_id INTEGER PRIMARY KEY, group_name, feature, rule, value, reason, "
    "row,"
    " rejected_at, UNIQUE (group_name, feature, rule, row));";

/* A value that the column's own rules allow, as far as that can be told from the definition. */
static void write_trial_value(sqlite3_str *out, const definition_column *column, int nth) {
    static const char *const fields[] = {"allowed", "default", "min", "max"};
    for (int i = 0; i < 4 && column->feature; i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(column->feature, fields[i]);
        if (i == 0 && value) value = value->child;
        if (!value) continue;
        write_literal(out, value);
        return;
    }
    const char *storage = column->type.storage;
    if (strcmp(column->type.name, "timestamp") == 0) sqlite3_str_appendf(out, "'2020-01-0%dT00:00:00Z'", nth);
    else if (strcmp(column->type.name, "boolean") == 0) sqlite3_str_appendall(out, "1");
    else if (strcmp(storage, "TEXT") == 0) sqlite3_str_appendf(out, "'%d'", nth);
    else if (strcmp(storage, "BLOB") == 0) sqlite3_str_appendf(out, "x'0000000%d'", nth);
    else sqlite3_str_appendf(out, "%d", nth);
}

static void write_trial_values(sqlite3_str *out, const feature_definition *definition, int nth) {
    for (int i = 0; i < definition->n_columns; i++) {
        if (i > 0) sqlite3_str_appendall(out, ", ");
        write_trial_value(out, &definition->columns[i], nth);
        sqlite3_str_appendf(out, " AS \"%w\"", definition->columns[i].name);
    }
}

/* INSERT INTO <g><suffix> of the nth row; with `if_empty` only where no row got in otherwise, for a rule of several columns
** can refuse it. */
static void write_insert(sqlite3_str *out, const feature_definition *definition, const char *suffix, int nth,
                         bool if_empty) {
    sqlite3_str_appendf(out, "INSERT INTO \"%w%s\" (", definition->table, suffix);
    write_names(out, definition, "", NULL, 0);
    sqlite3_str_appendall(out, ") SELECT ");
    write_trial_values(out, definition, nth);
    if (if_empty) sqlite3_str_appendf(out, " WHERE NOT EXISTS (SELECT 1 FROM \"%w\")", definition->table);
    sqlite3_str_appendall(out, ";\n");
}

static void trial_write_tables(sqlite3_str *out, const feature_definition *definition,
                               const feature_definition *before) {
    if (before) {
        write_group_ddl(out, before, NULL);
        write_insert(out, before, "", 1, true);
    }
    write_group_ddl(out, definition, before);
}

static void write_rows(sqlite3_str *out, const feature_definition *definition, bool *all) {
    const batch_source source = {"feature_trial", NULL, all};
    for (int nth = 2; nth < 4; nth++) {
        sqlite3_str_appendall(out, nth == 2 ? "CREATE TEMP TABLE feature_trial AS SELECT "
                                            : "INSERT INTO temp.feature_trial SELECT ");
        write_trial_values(out, definition, nth);
        sqlite3_str_appendall(out, ";\n");
    }
    write_batch_ingest(out, definition, &source, NULL, 1);
    sqlite3_str_appendall(out, "DROP TABLE temp.feature_trial;\n");
    if (!definition->is_computed) {
        write_insert(out, definition, "_ingest", 4, false);
        write_insert(out, definition, "_ingest", 4, false);
    }
    write_insert(out, definition, "", 5, true);
}

/* Every column but the row key is written; the row that this replaces goes to the history. */
static void write_correction(sqlite3_str *out, const feature_definition *definition) {
    const char *between = "SET";
    sqlite3_str_appendf(out, "UPDATE \"%w\" ", definition->table);
    for (int i = 0; i < definition->n_columns; i++) {
        const definition_column *column = &definition->columns[i];
        if (definition_is_in_row_key(definition, i)) continue;
        sqlite3_str_appendf(out, "%s \"%w\" = ", between, column->name);
        if (i != definition->available) sqlite3_str_appendf(out, "\"%w\"", column->name);
        else if (strcmp(column->type.storage, "TEXT") == 0)
            sqlite3_str_appendall(out, "'9999-12-31T23:59:59Z'");
        else sqlite3_str_appendall(out, "253402300799");
        between = ",";
    }
    sqlite3_str_appendall(out, ";\n");
}

static void write_lookup(sqlite3_str *out, const feature_definition *definition) {
    sqlite3_str_appendf(out, "CREATE VIRTUAL TABLE temp.feature_trial USING asof(\"%w\", entity='",
                        definition->table);
    for (int i = 0; i < definition->n_keys; i++)
        sqlite3_str_appendf(out, "%s%q", i ? ", " : "", definition->columns[definition->keys[i]].name);
    sqlite3_str_appendf(out, "', timestamp='%q', available='%q');\n",
                        definition->columns[definition->timestamp].name,
                        definition->columns[definition->available].name);
    sqlite3_str_appendf(
        out, "SELECT f.*, f.row_age_days, f.row_id FROM \"%w\" AS t JOIN temp.feature_trial AS f ON ",
        definition->table);
    for (int i = 0; i < definition->n_keys; i++) {
        const char *name = definition->columns[definition->keys[i]].name;
        sqlite3_str_appendf(out, "f.\"%w\" = t.\"%w\" AND ", name, name);
    }
    const char *timestamp = definition->columns[definition->timestamp].name;
    sqlite3_str_appendf(
        out, "f.as_of = t.\"%w\";\nDROP TABLE temp.feature_trial;\nSELECT * FROM \"%w_versions\";\n",
        timestamp, definition->table);
}

static athlete_status run(trial *running, sqlite3_str *out, const char *what, athlete_fault *fault) {
    char *sql = sqlite3_str_finish(out);
    if (!sql) return ATHLETE_NOMEM;
    athlete_status status = private_db_run(running->own, sql, fault);
    sqlite3_free(sql);
    if (running->steps > TRIAL_STEPS_MAX) status = fault_refuse(fault, "%s takes too long", what);
    else if (status == ATHLETE_INVALID) status = fault_refuse(fault, "%s fails: %s", what, fault->text);
    return status;
}

athlete_status definition_try(private_db *own, const feature_definition *definition,
                              const feature_definition *before, athlete_fault *fault) {
    static const char *const steps[] = {"the making of its tables", "the ingest of a row",
                                        "the correction of a row", "the lookup of a row",
                                        "the deletion of a row"};
    bool *all = memory_zeroed(NULL, (size_t)definition->n_columns, sizeof *all);
    if (!all) return ATHLETE_NOMEM;
    for (int i = 0; i < definition->n_columns; i++) all[i] = true;
    trial running = {own, 0};
    sqlite3_db_config(own->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1,
                      NULL); /* it is the group's, as in its database */
    private_db_progress(own->db, STEP, count_steps, &running);
    athlete_status status = private_db_run(own, registry, fault);
    for (int i = 0; i < 5 && status == ATHLETE_OK; i++) {
        sqlite3_str *out = sqlite3_str_new(own->db);
        if (i == 0) trial_write_tables(out, definition, before);
        else if (i == 1) write_rows(out, definition, all);
        else if (i == 2) write_correction(out, definition);
        else if (i == 3) write_lookup(out, definition);
        else sqlite3_str_appendf(out, "DELETE FROM \"%w\";\n", definition->table);
        status = run(&running, out, steps[i], fault);
    }
    private_db_progress(own->db, 0, NULL, NULL);
    memory_free(NULL, all);
    return status;
}
