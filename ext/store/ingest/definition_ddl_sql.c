/* A feature group <g> becomes
**   <g>            the values believed now, one row per row key
**   <g>_history    what they replaced, each version with superseded_at, the instant from which it was no longer believed
**   <g>_versions   both as one, superseded_at NULL for what is believed now
**   <g>_ingest     takes single rows: INSERT INTO <g>_ingest validates, rejects, and moves what is replaced to the history;
**                  not of a group that a stage fills
** and triggers that keep the history whoever updates or deletes. */
#include "store/ingest/definition_ddl_sql.h"

#include <string.h>
#include "store/definition/definition_rules_sql.h"
#include "store/ingest/definition_batch_sql.h"
#include "store/ingest/definition_row_ingest_sql.h"

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

/* For a longer list than two SQLite would make an index of it, in a CHECK anew for each row that is written. */
static void write_case_check(sqlite3_str *out, const definition_column *column, const cJSON *allowed) {
    sqlite3_str_appendf(out, " CHECK (CASE \"%w\"", column->name);
    for (const cJSON *each = allowed->child; each; each = each->next) {
        sqlite3_str_appendall(out, " WHEN ");
        write_literal(out, each);
        sqlite3_str_appendall(out, " THEN 1");
    }
    sqlite3_str_appendf(out, " ELSE \"%w\" IS NULL END)", column->name);
}

static void write_column_check(sqlite3_str *out, const definition_column *column) {
    const cJSON *allowed =
        column->feature ? cJSON_GetObjectItemCaseSensitive(column->feature, "allowed") : NULL;
    bool is_flag = strcmp(column->type.name, "boolean") == 0;
    if (!allowed && !is_flag) return;
    if (cJSON_GetArraySize(allowed) > 2) {
        write_case_check(out, column, allowed);
        return;
    }
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

/* REPLACE takes out what is in its way without asking the triggers that keep it, and inside a trigger it looks like any
** other INSERT or UPDATE. So nothing may be in the way. */
static void write_refuses_taken(sqlite3_str *out, const feature_definition *definition) {
    for (int i = 0; i < definition->n_columns; i++) {
        if (!definition->columns[i].is_unique) continue;
        sqlite3_str_appendall(out, "\n   OR ");
        write_unique_taken(out, definition, i, "new.");
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

/* What a version had and the next has not: single rows of a group that a stage fills now, an index of values that may be
** there twice now. */
static void write_dropped(sqlite3_str *out, const feature_definition *definition,
                          const feature_definition *before) {
    if (definition->is_computed)
        sqlite3_str_appendf(out, "DROP VIEW IF EXISTS \"%w_ingest\";\n", definition->table);
    for (int i = 0; i < before->n_columns; i++) {
        int column = definition_column_named(definition, before->columns[i].name);
        if (before->columns[i].is_unique && column >= 0 && !definition->columns[column].is_unique)
            sqlite3_str_appendf(out, "DROP INDEX IF EXISTS \"%w_%w_unique\";\n", definition->table,
                                before->columns[i].name);
    }
}

void write_group_ddl(sqlite3_str *out, const feature_definition *definition,
                     const feature_definition *before) {
    bool grows = before && strcmp(before->table, definition->table) == 0;
    if (grows) {
        write_new_columns(out, definition, before);
        write_dropped(out, definition, before);
    } else {
        write_tables(out, definition);
    }
    write_versions_view(out, definition, grows);
    write_history_triggers(out, definition, grows);
    write_once_trigger(out, definition, grows);
    write_moved_trigger(out, definition, grows);
    if (!definition->is_computed) write_ingest_view(out, definition, grows);
}
