/* A feature group <g> becomes
**   <g>            the values believed now, one row per row key
**   <g>_history    what they replaced, each version with superseded_at, the instant from which it was no longer believed
**   <g>_versions   both as one, superseded_at NULL for what is believed now
**   <g>_ingest     takes single rows: INSERT INTO <g>_ingest validates, rejects, and moves what is replaced to the history;
**                  not of a group that a stage fills
** and triggers that keep the history whoever updates or deletes. */
#include "store/definition_ddl_sql.h"

#include <string.h>
#include "store/definition_batch_sql.h"
#include "store/definition_rules_sql.h"

/* A text of the definition inside a comment, which ends with the line. */
static void write_comment(sqlite3_str *out, const char *text) {
    for (; *text; text++) sqlite3_str_appendchar(out, 1, (unsigned char)*text < ' ' ? ' ' : *text);
}

static void write_column_declaration(sqlite3_str *out, const definition_column *column) {
    sqlite3_str_appendf(out, "\"%w\" %s%s", column->name, column->type.storage,
                        column->not_null ? " NOT NULL" : "");
    const cJSON *value =
        column->feature ? cJSON_GetObjectItemCaseSensitive(column->feature, "default") : NULL;
    if (!value) return;
    sqlite3_str_appendall(out, " DEFAULT ");
    write_literal(out, value);
}

static void write_column_check(sqlite3_str *out, const definition_column *column) {
    const cJSON *allowed =
        column->feature ? cJSON_GetObjectItemCaseSensitive(column->feature, "allowed") : NULL;
    bool is_flag = strcmp(column->type.name, "boolean") == 0;
    if (!allowed && !is_flag) return;
    sqlite3_str_appendf(out, " CHECK (\"%w\" IN (", column->name);
    for (const cJSON *each = allowed ? allowed->child : NULL; each; each = each->next) {
        write_literal(out, each);
        if (each->next) sqlite3_str_appendall(out, ", ");
    }
    sqlite3_str_appendall(out, allowed ? "))" : "0, 1))");
}

static void write_columns(sqlite3_str *out, const feature_definition *definition, bool with_comments) {
    for (int i = 0; i < definition->n_columns; i++) {
        const definition_column *column = &definition->columns[i];
        const char *unit = definition_text(column, "unit"),
                   *description = definition_text(column, "description");
        sqlite3_str_appendall(out, "    ");
        write_column_declaration(out, column);
        if (with_comments) write_column_check(out, column);
        sqlite3_str_appendall(out, ",");
        if (with_comments && (unit || description)) {
            sqlite3_str_appendall(out, " -- ");
            write_comment(out, unit ? unit : "");
            if (unit && description) sqlite3_str_appendall(out, "; ");
            write_comment(out, description ? description : "");
        }
        sqlite3_str_appendall(out, "\n");
    }
}

static void write_index(sqlite3_str *out, const feature_definition *definition, const char *suffix) {
    sqlite3_str_appendf(out, "CREATE INDEX IF NOT EXISTS \"%w%s_asof\" ON \"%w%s\" (", definition->table,
                        suffix, definition->table, suffix);
    write_names(out, definition, "", definition->keys, definition->n_keys);
    sqlite3_str_appendf(out, ", \"%w\", \"%w\");\n", definition->columns[definition->timestamp].name,
                        definition->columns[definition->available].name);
}

static void write_unique_indexes(sqlite3_str *out, const feature_definition *definition) {
    for (int i = 0; i < definition->n_columns; i++) {
        const char *name = definition->columns[i].name;
        if (!definition->columns[i].is_unique) continue;
        sqlite3_str_appendf(out, "CREATE UNIQUE INDEX IF NOT EXISTS \"%w_%w_unique\" ON \"%w\" (\"%w\");\n",
                            definition->table, name, definition->table, name);
    }
}

static void write_tables(sqlite3_str *out, const feature_definition *definition) {
    const char *description = cJSON_GetObjectItemCaseSensitive(definition->tree, "description")->valuestring;
    sqlite3_str_appendf(out, "-- %s %d.%d.%d: ", definition->name, definition->version[0],
                        definition->version[1], definition->version[2]);
    write_comment(out, description);
    sqlite3_str_appendf(out, "\nCREATE TABLE IF NOT EXISTS \"%w\" (\n", definition->table);
    write_columns(out, definition, true);
    sqlite3_str_appendall(out, "    PRIMARY KEY (");
    write_names(out, definition, "", definition->row_key, definition->n_row_key);
    sqlite3_str_appendall(out, ")\n) WITHOUT ROWID;\n");
    if (!definition->row_key_is_lookup_key) write_index(out, definition, "");
    write_unique_indexes(out, definition);
    sqlite3_str_appendf(out, "CREATE TABLE IF NOT EXISTS \"%w_history\" (\n", definition->table);
    write_columns(out, definition, false);
    sqlite3_str_appendf(out,
                        "    superseded_at %s NOT NULL, -- from then on it was no longer believed\n"
                        "    superseded_by TEXT             -- who changed or deleted it\n);\n",
                        definition->columns[definition->available].type.storage);
    write_index(out, definition, "_history");
    if (definition->row_key_is_lookup_key) return;
    sqlite3_str_appendf(out, "CREATE INDEX IF NOT EXISTS \"%w_history_row\" ON \"%w_history\" (",
                        definition->table, definition->table);
    write_names(out, definition, "", definition->row_key, definition->n_row_key);
    sqlite3_str_appendall(out, ");\n");
}

/* --- triggers ------------------------------------------------------------------------------------------- */

static void write_create(sqlite3_str *out, const feature_definition *definition, const char *what,
                         const char *suffix, bool replaces) {
    if (replaces) sqlite3_str_appendf(out, "DROP %s IF EXISTS \"%w%s\";\n", what, definition->table, suffix);
    sqlite3_str_appendf(out, "CREATE %s IF NOT EXISTS \"%w%s\"", what, definition->table, suffix);
}

/* When a version stops being believed: when the one that replaces it became known, or now. What was replaced before it
** could be known was never believed. */
static void write_keep(sqlite3_str *out, const feature_definition *definition, bool is_replaced) {
    const char *available = definition->columns[definition->available].name;
    sqlite3_str_appendf(out, "    INSERT INTO \"%w_history\" (", definition->table);
    write_names(out, definition, "", NULL, 0);
    sqlite3_str_appendall(out, ", superseded_at, superseded_by)\n    SELECT ");
    write_names(out, definition, "old.", NULL, 0);
    sqlite3_str_appendall(out, ", _until, (SELECT who FROM ops_actor)\n    FROM (SELECT ");
    if (is_replaced)
        sqlite3_str_appendf(out, "CASE WHEN new.\"%w\" > old.\"%w\" THEN new.\"%w\" ELSE ", available,
                            available, available);
    write_now(out, definition);
    sqlite3_str_appendf(out, "%s AS _until)\n    WHERE _until > old.\"%w\";\n", is_replaced ? " END" : "",
                        available);
}

static void write_unique_taken(sqlite3_str *out, const feature_definition *definition, int column) {
    const char *name = definition->columns[column].name;
    sqlite3_str_appendf(out, "EXISTS (SELECT 1 FROM \"%w\" AS o WHERE o.\"%w\" = new.\"%w\" AND ",
                        definition->table, name, name);
    write_row_key(out, definition, "o.");
    sqlite3_str_appendall(out, " IS NOT ");
    write_row_key(out, definition, "new.");
    sqlite3_str_appendall(out, ")");
}

/* REPLACE takes out what is in its way without asking the triggers that keep it, and inside a trigger it looks like any
** other INSERT or UPDATE. So nothing may be in the way. */
static void write_refuses_taken(sqlite3_str *out, const feature_definition *definition) {
    for (int i = 0; i < definition->n_columns; i++) {
        if (!definition->columns[i].is_unique) continue;
        sqlite3_str_appendall(out, "\n   OR ");
        write_unique_taken(out, definition, i);
    }
    sqlite3_str_appendf(
        out,
        "\nBEGIN SELECT RAISE(ABORT, '%q: this row is there; UPDATE it, or DELETE it first, so that "
        "what it was goes to the history'); END;\n",
        definition->table);
}

void write_once_trigger(sqlite3_str *out, const feature_definition *definition, bool replaces) {
    write_create(out, definition, "TRIGGER", "_once", replaces);
    sqlite3_str_appendf(out, " BEFORE INSERT ON \"%w\"\nWHEN EXISTS (SELECT 1 FROM \"%w\" WHERE ",
                        definition->table, definition->table);
    write_same_key(out, definition, "", "new.");
    sqlite3_str_appendall(out, ")");
    write_refuses_taken(out, definition);
}

static void write_moved_trigger(sqlite3_str *out, const feature_definition *definition, bool replaces) {
    write_create(out, definition, "TRIGGER", "_moved", replaces);
    sqlite3_str_appendall(out, " BEFORE UPDATE OF ");
    write_names(out, definition, "", definition->row_key, definition->n_row_key);
    for (int i = 0; i < definition->n_columns; i++)
        if (definition->columns[i].is_unique)
            sqlite3_str_appendf(out, ", \"%w\"", definition->columns[i].name);
    sqlite3_str_appendf(out, " ON \"%w\"\nWHEN ", definition->table);
    write_row_key(out, definition, "new.");
    sqlite3_str_appendall(out, " IS NOT ");
    write_row_key(out, definition, "old.");
    sqlite3_str_appendf(out, " AND EXISTS (SELECT 1 FROM \"%w\" WHERE ", definition->table);
    write_same_key(out, definition, "", "new.");
    sqlite3_str_appendall(out, ")");
    write_refuses_taken(out, definition);
}

static void write_history_triggers(sqlite3_str *out, const feature_definition *definition, bool replaces) {
    write_create(out, definition, "TRIGGER", "_replaced", replaces);
    sqlite3_str_appendf(out, " AFTER UPDATE ON \"%w\"\nWHEN (", definition->table);
    write_names(out, definition, "old.", NULL, 0);
    sqlite3_str_appendall(out, ") IS NOT (");
    write_names(out, definition, "new.", NULL, 0);
    sqlite3_str_appendall(out, ")\nBEGIN\n");
    write_keep(out, definition, true);
    sqlite3_str_appendall(out, "END;\n");

    sqlite3_str_appendall(
        out, "-- A stage that knows when a row stopped being believed says so in the history before it "
             "deletes the row.\n");
    write_create(out, definition, "TRIGGER", "_deleted", replaces);
    sqlite3_str_appendf(out, " AFTER DELETE ON \"%w\"\nWHEN (", definition->table);
    write_names(out, definition, "old.", NULL, 0);
    sqlite3_str_appendall(out, ") IS NOT (SELECT ");
    write_names(out, definition, "", NULL, 0);
    sqlite3_str_appendf(out, " FROM \"%w_history\"\n    WHERE (", definition->table);
    write_names(out, definition, "", definition->row_key, definition->n_row_key);
    sqlite3_str_appendall(out, ") = (");
    write_names(out, definition, "old.", definition->row_key, definition->n_row_key);
    sqlite3_str_appendall(out, ") ORDER BY rowid DESC LIMIT 1)\nBEGIN\n");
    write_keep(out, definition, false);
    sqlite3_str_appendall(out, "END;\n");
}

static void write_versions_view(sqlite3_str *out, const feature_definition *definition, bool replaces) {
    write_create(out, definition, "VIEW", "_versions", replaces);
    sqlite3_str_appendall(out, " AS\nSELECT ");
    write_names(out, definition, "", NULL, 0);
    sqlite3_str_appendf(out, ", NULL AS superseded_at, NULL AS superseded_by FROM \"%w\"\nUNION ALL\nSELECT ",
                        definition->table);
    write_names(out, definition, "", NULL, 0);
    sqlite3_str_appendf(out, ", superseded_at, superseded_by FROM \"%w_history\";\n", definition->table);
}

/* --- single rows ---------------------------------------------------------------------------------------- */

static void write_all_valid(sqlite3_str *out, const row_scope *scope) {
    sqlite3_str_appendall(out, "CASE");
    write_validity_tests(out, scope);
    for (int i = 0; i < scope->definition->n_columns; i++) {
        if (!scope->definition->columns[i].is_unique) continue;
        sqlite3_str_appendall(out, "\n    WHEN ");
        write_unique_taken(out, scope->definition, i);
        sqlite3_str_appendall(out, " THEN 0");
    }
    sqlite3_str_appendall(out, "\n    ELSE 1 END");
}

/* ('feature', 'rule', value, 'reason', holds), … : a compound SELECT would be limited in its terms. The row of constants that
** stands before them makes sure of the names column1 and so on. */
static void write_judgements(sqlite3_str *out, const row_scope *scope) {
    const feature_definition *definition = scope->definition;
    rule_walk walk = {0, 0, NULL, false};
    row_rule rule;
    const char *between = "";
    while (rule_next(definition, &walk, &rule)) {
        sqlite3_str_appendf(out, "%s\n        (%Q, %Q, ", between,
                            rule.column < 0 ? "" : definition->columns[rule.column].name, rule_name(&rule));
        if (rule.column < 0) sqlite3_str_appendall(out, "NULL");
        else write_column(out, scope, rule.column);
        sqlite3_str_appendall(out, ", ");
        write_rule_reason(out, definition, &rule);
        sqlite3_str_appendall(out, ", ");
        write_rule_holds(out, scope, &rule);
        sqlite3_str_appendall(out, ")");
        between = ",";
    }
    for (int i = 0; i < definition->n_columns; i++) {
        const char *name = definition->columns[i].name;
        if (!definition->columns[i].is_unique) continue;
        sqlite3_str_appendf(out, ",\n        (%Q, 'unique', new.\"%w\", '%w is in another row', NOT ", name,
                            name, name);
        write_unique_taken(out, definition, i);
        sqlite3_str_appendall(out, ")");
    }
}

static void write_single_rejects(sqlite3_str *out, const row_scope *scope) {
    sqlite3_str_appendf(out,
                        "    INSERT OR IGNORE INTO feature_rejects (group_name, feature, rule, value, "
                        "reason, row, rejected_at)\n"
                        "    SELECT %Q, column1, column2, column3, column4, _row, "
                        "strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', 'now')\n"
                        "    FROM (SELECT ",
                        scope->definition->name);
    write_row_json(out, scope);
    sqlite3_str_appendall(out, " AS _row) CROSS JOIN (VALUES ('', '', NULL, '', 1),");
    write_judgements(out, scope);
    sqlite3_str_appendall(out, ")\n    WHERE NOT column5;\n");
}

static void write_single_row(sqlite3_str *out, const row_scope *scope) {
    const feature_definition *definition = scope->definition;
    const char *available = definition->columns[definition->available].name;
    sqlite3_str_appendf(out, "    UPDATE \"%w\" SET \"%w\" = max(", definition->table, available);
    write_column(out, scope, definition->available);
    sqlite3_str_appendall(out, ", ");
    write_now(out, definition);
    sqlite3_str_appendall(out, ")");
    for (int i = 0; i < definition->n_columns; i++) {
        if (i == definition->available || definition_is_in_row_key(definition, i)) continue;
        sqlite3_str_appendf(out, ", \"%w\" = ", definition->columns[i].name);
        write_column(out, scope, i);
    }
    sqlite3_str_appendall(out, "\n    WHERE ");
    write_same_key(out, definition, "", "new.");
    sqlite3_str_appendall(out, " AND (");
    write_names_but_available(out, definition, "");
    sqlite3_str_appendall(out, ") IS NOT ");
    const char *between = "(";
    for (int i = 0; i < definition->n_columns; i++) {
        if (i == definition->available) continue;
        sqlite3_str_appendall(out, between);
        write_column(out, scope, i);
        between = ", ";
    }
    sqlite3_str_appendf(out, ");\n    INSERT INTO \"%w\" (", definition->table);
    write_names(out, definition, "", NULL, 0);
    sqlite3_str_appendall(out, ")\n    SELECT ");
    for (int i = 0; i < definition->n_columns; i++) {
        if (i > 0) sqlite3_str_appendall(out, ", ");
        write_column(out, scope, i);
    }
    sqlite3_str_appendf(out, " WHERE NOT EXISTS (SELECT 1 FROM \"%w\" WHERE ", definition->table);
    write_same_key(out, definition, "", "new.");
    sqlite3_str_appendall(out, ");\n");
}

static void write_ingest_view(sqlite3_str *out, const feature_definition *definition, bool replaces) {
    row_scope scope = {definition, "new.", true};
    write_create(out, definition, "VIEW", "_ingest", replaces);
    sqlite3_str_appendall(out, " AS SELECT ");
    write_names(out, definition, "", NULL, 0);
    sqlite3_str_appendf(out, " FROM \"%w\";\n", definition->table);
    for (int rejects = 0; rejects < 2; rejects++) {
        write_create(out, definition, "TRIGGER", rejects ? "_ingest_reject" : "_ingest_row", replaces);
        sqlite3_str_appendf(out, " INSTEAD OF INSERT ON \"%w_ingest\"\nWHEN ", definition->table);
        if (rejects) sqlite3_str_appendall(out, "NOT ");
        write_all_valid(out, &scope);
        sqlite3_str_appendall(out, "\nBEGIN\n");
        if (rejects) write_single_rejects(out, &scope);
        else write_single_row(out, &scope);
        sqlite3_str_appendall(out, "END;\n");
    }
}

/* --- all of it ------------------------------------------------------------------------------------------ */

static void write_new_columns(sqlite3_str *out, const feature_definition *definition,
                              const feature_definition *before) {
    static const char *const suffixes[] = {"", "_history"};
    for (int i = 0; i < definition->n_columns; i++) {
        if (definition_column_named(before, definition->columns[i].name) >= 0) continue;
        for (int side = 0; side < 2; side++) {
            sqlite3_str_appendf(out, "ALTER TABLE \"%w%s\" ADD COLUMN ", definition->table, suffixes[side]);
            write_column_declaration(out, &definition->columns[i]);
            if (side == 0) write_column_check(out, &definition->columns[i]);
            sqlite3_str_appendall(out, ";\n");
        }
    }
}

void write_group_ddl(sqlite3_str *out, const feature_definition *definition,
                     const feature_definition *before) {
    bool grows = before && strcmp(before->table, definition->table) == 0;
    if (grows) write_new_columns(out, definition, before);
    else write_tables(out, definition);
    write_versions_view(out, definition, grows);
    write_history_triggers(out, definition, grows);
    write_once_trigger(out, definition, grows);
    write_moved_trigger(out, definition, grows);
    if (!cJSON_GetObjectItemCaseSensitive(definition->tree, "stage"))
        write_ingest_view(out, definition, grows);
}
