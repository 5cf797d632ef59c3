#include "store/ingest/definition_ingest_sql.h"

#include "store/definition/definition_rules_sql.h"

/* What is told of a broken rule. Each is a CASE of its own over the rule's number, so that no expression is deep. */
typedef enum broken_part {
    BROKEN_NUMBER,
    BROKEN_FEATURE,
    BROKEN_RULE,
    BROKEN_VALUE,
    BROKEN_REASON
} broken_part;

static void write_part(sqlite3_str *out, const row_scope *scope, const row_rule *rule, int number,
                       broken_part part) {
    const feature_definition *definition = scope->definition;
    if (part == BROKEN_NUMBER) {
        sqlite3_str_appendall(out, "\n    WHEN NOT (");
        write_rule_holds(out, scope, rule);
        sqlite3_str_appendf(out, ") THEN %d", number);
        return;
    }
    sqlite3_str_appendf(out, "\n    WHEN %d THEN ", number);
    if (part == BROKEN_FEATURE)
        sqlite3_str_appendf(out, "%Q", rule->column < 0 ? "" : definition->columns[rule->column].name);
    else if (part == BROKEN_RULE) sqlite3_str_appendf(out, "%Q", rule_name(rule));
    else if (part == BROKEN_REASON) write_rule_reason(out, definition, rule);
    else if (rule->column < 0) sqlite3_str_appendall(out, "NULL");
    else write_json_value(out, scope, rule->column);
}

static void write_unique_part(sqlite3_str *out, const row_scope *scope, int column, int number,
                              broken_part part) {
    const char *name = scope->definition->columns[column].name;
    if (part == BROKEN_NUMBER) {
        sqlite3_str_appendall(out, "\n    WHEN ");
        write_unique_taken(out, scope->definition, column, scope->prefix);
        sqlite3_str_appendf(out, " THEN %d", number);
        return;
    }
    sqlite3_str_appendf(out, "\n    WHEN %d THEN ", number);
    if (part == BROKEN_FEATURE) sqlite3_str_appendf(out, "%Q", name);
    else if (part == BROKEN_RULE) sqlite3_str_appendall(out, "'unique'");
    else if (part == BROKEN_REASON) sqlite3_str_appendf(out, "'%w is in another row'", name);
    else write_json_value(out, scope, column);
}

/* The first rule that a row breaks. What asks other rows comes last: an ingest asks it of rows that keep all other rules. */
static void write_broken(sqlite3_str *out, const feature_definition *definition, bool has_table,
                         broken_part part) {
    static const char *const twice[] = {[BROKEN_FEATURE] = "''",
                                        [BROKEN_RULE] = "'one_row_per_key'",
                                        [BROKEN_VALUE] = "NULL",
                                        [BROKEN_REASON] =
                                            "'another row of the batch has the same key and came first'"};
    const row_scope scope = {definition, "s.", false};
    rule_walk walk = {0, 0, NULL, false};
    row_rule rule;
    int number = 0;
    if (part == BROKEN_NUMBER) {
        sqlite3_str_appendall(out,
                              "CASE WHEN s._nth > 1 AND EXISTS (SELECT 1 FROM s AS f WHERE f._nth = 1 AND ");
        write_same_key(out, definition, "f.", "s.");
        sqlite3_str_appendall(out, " AND ");
        write_differs(out, definition, "f.", "s.");
        sqlite3_str_appendall(out, ") THEN 0");
    } else {
        sqlite3_str_appendf(out, "CASE s._broken WHEN 0 THEN %s", twice[part]);
    }
    while (rule_next(definition, &walk, &rule)) write_part(out, &scope, &rule, ++number, part);
    for (int i = 0; i < definition->n_columns; i++)
        if (definition->columns[i].is_unique && has_table) write_unique_part(out, &scope, i, ++number, part);
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
    write_broken(out, definition, has_table, BROKEN_NUMBER);
    sqlite3_str_appendall(out, " AS _broken FROM s)\nSELECT s._seq, ");
    write_verdict(out, definition, has_table);
    for (int part = BROKEN_FEATURE; part <= BROKEN_REASON; part++) {
        sqlite3_str_appendall(out, ", ");
        write_broken(out, definition, has_table, (broken_part)part);
    }
    sqlite3_str_appendall(out, ", ");
    write_row_json(out, &scope);
    sqlite3_str_appendall(out, "\nFROM judged AS s ORDER BY s._seq");
}
