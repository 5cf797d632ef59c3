/* The view <g>_ingest and its two triggers: what a batch does for many rows they do for one. */
#include "store/ingest/definition_row_ingest_sql.h"

#include "store/definition/definition_rules_sql.h"
#include "store/ingest/definition_batch_sql.h"

static void write_all_valid(sqlite3_str *out, const row_scope *scope) {
    sqlite3_str_appendall(out, "CASE");
    write_validity_tests(out, scope);
    for (int i = 0; i < scope->definition->n_columns; i++) {
        if (!scope->definition->columns[i].is_unique) continue;
        sqlite3_str_appendall(out, "\n    WHEN ");
        write_unique_taken(out, scope->definition, i, scope->prefix);
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
        write_unique_taken(out, definition, i, scope->prefix);
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

/* RAISE(IGNORE) ends the work for the row: where it is there already, and so that the other trigger need not judge it again.
** SQLite asks the trigger first that was made last. */
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
    sqlite3_str_appendf(out, ");\n    SELECT RAISE(IGNORE) FROM \"%w\" WHERE ", definition->table);
    write_same_key(out, definition, "", "new.");
    sqlite3_str_appendf(out, ";\n    INSERT INTO \"%w\" (", definition->table);
    write_names(out, definition, "", NULL, 0);
    sqlite3_str_appendall(out, ")\n    VALUES (");
    for (int i = 0; i < definition->n_columns; i++) {
        if (i > 0) sqlite3_str_appendall(out, ", ");
        write_column(out, scope, i);
    }
    sqlite3_str_appendall(out, ");\n    SELECT RAISE(IGNORE);\n");
}

void write_ingest_view(sqlite3_str *out, const feature_definition *definition, bool replaces) {
    row_scope scope = {definition, "new.", true};
    write_create(out, definition, "VIEW", "_ingest", replaces);
    sqlite3_str_appendall(out, " AS SELECT ");
    write_names(out, definition, "", NULL, 0);
    sqlite3_str_appendf(out, " FROM \"%w\";\n", definition->table);
    for (int rejects = 1; rejects >= 0; rejects--) {
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
