#include "store/ingest/definition_ingest_sql.h"

#include "store/definition/definition_rules_sql.h"

/* The first rule that a row breaks, as [feature, rule, value, reason]. What asks other rows comes last: an ingest asks it
** of rows that keep all other rules. */
static void write_broken(sqlite3_str *out, const feature_definition *definition, bool has_table) {
    const row_scope scope = {definition, "s.", false};
    rule_walk walk = {0, 0, NULL, false};
    row_rule rule;
    sqlite3_str_appendall(out, "CASE WHEN s._nth > 1 AND EXISTS (SELECT 1 FROM s AS f WHERE f._nth = 1 AND ");
    write_same_key(out, definition, "f.", "s.");
    sqlite3_str_appendall(out, " AND ");
    write_differs(out, definition, "f.", "s.");
    sqlite3_str_appendall(
        out,
        ")\n    THEN json_array('', 'one_row_per_key', NULL, 'another row of the batch has the same key and "
        "came first')");
    while (rule_next(definition, &walk, &rule)) {
        sqlite3_str_appendall(out, "\n    WHEN NOT (");
        write_rule_holds(out, &scope, &rule);
        sqlite3_str_appendf(out, ") THEN json_array(%Q, %Q, ",
                            rule.column < 0 ? "" : definition->columns[rule.column].name, rule_name(&rule));
        if (rule.column < 0) {
            sqlite3_str_appendall(out, "NULL");
        } else {
            write_json_value(out, &scope, rule.column);
        }
        sqlite3_str_appendall(out, ", ");
        write_rule_reason(out, definition, &rule);
        sqlite3_str_appendall(out, ")");
    }
    for (int i = 0; i < definition->n_columns; i++) {
        const char *name = definition->columns[i].name;
        if (!definition->columns[i].is_unique || !has_table) continue;
        sqlite3_str_appendall(out, " WHEN ");
        write_unique_taken(out, definition, i, "s.");
        sqlite3_str_appendf(out, " THEN json_array(%Q, 'unique', s.\"%w\", '%w is in another row')", name,
                            name, name);
    }
    sqlite3_str_appendall(out, " END");
}

static void write_verdict(sqlite3_str *out, const feature_definition *definition, bool has_table) {
    sqlite3_str_appendall(out, "CASE WHEN s._broken IS NOT NULL THEN 'reject' WHEN s._nth > 1 THEN 'same'");
    if (has_table) {
        sqlite3_str_appendf(out, " WHEN EXISTS (SELECT 1 FROM \"%w\" AS o WHERE ", definition->table);
        write_same_key(out, definition, "o.", "s.");
        sqlite3_str_appendall(out, " AND ");
        write_differs(out, definition, "s.", "o.");
        sqlite3_str_appendf(out, ") THEN 'change'\n    WHEN EXISTS (SELECT 1 FROM \"%w\" AS o WHERE ",
                            definition->table);
        write_same_key(out, definition, "o.", "s.");
        sqlite3_str_appendall(out, ") THEN 'same'");
    }
    sqlite3_str_appendall(out, " ELSE 'new' END");
}

void write_batch_validation(sqlite3_str *out, const feature_definition *definition,
                            const batch_source *source, bool has_table) {
    const row_scope scope = {definition, "s.", false};
    sqlite3_str_appendall(out, "WITH r AS MATERIALIZED (SELECT ");
    write_values(out, definition, source);
    sqlite3_str_appendf(out, " FROM (%s) AS r),\nvalid AS (SELECT *, ", source->query);
    write_row_is_valid(out, &scope);
    sqlite3_str_appendall(
        out,
        " AS _is_valid FROM (SELECT ROW_NUMBER() OVER () AS _seq, r.* FROM r) AS s),\n"
        "s AS MATERIALIZED (SELECT *, CASE WHEN _is_valid THEN ROW_NUMBER() OVER (PARTITION BY _is_valid, ");
    write_names(out, definition, "", definition->row_key, definition->n_row_key);
    sqlite3_str_appendall(out, " ORDER BY _seq) END AS _nth FROM valid),\njudged AS (SELECT s.*, ");
    write_broken(out, definition, has_table);
    sqlite3_str_appendall(out, " AS _broken FROM s)\nSELECT s._seq, ");
    write_verdict(out, definition, has_table);
    sqlite3_str_appendall(out, ", json_extract(s._broken, '$[0]'), json_extract(s._broken, '$[1]'),\n"
                               "    json_extract(s._broken, '$[2]'), json_extract(s._broken, '$[3]'), ");
    write_row_json(out, &scope);
    sqlite3_str_appendall(out, "\nFROM judged AS s ORDER BY s._seq");
}
