#include "store/ingest/definition_ingest_sql.h"

#include "store/definition/definition_rules_sql.h"
#include "store/ingest/definition_ddl_sql.h"

/* A batch that is a query is kept while it is looked at: asked twice, it might answer twice. */
static void write_kept_batch(sqlite3_str *out, const feature_definition *definition,
                             const batch_source *source) {
    sqlite3_str_appendall(out, "CREATE TEMP TABLE feature_source AS SELECT ");
    write_values(out, definition, source);
    sqlite3_str_appendf(out, " FROM (%s) AS r;\n", source->query);
}

static void write_first_pass(sqlite3_str *out, const feature_definition *definition,
                             const batch_source *source) {
    const row_scope scope = {definition, "s.", false};
    sqlite3_str_appendf(out, "\n-- What keeps every rule and is new.\nINSERT INTO \"%w\" (",
                        definition->table);
    write_names(out, definition, "", NULL, 0);
    sqlite3_str_appendall(out, ")\nSELECT ");
    write_names(out, definition, "s.", NULL, 0);
    sqlite3_str_appendall(out, "\nFROM ");
    write_batch_rows(out, definition, source, false);
    sqlite3_str_appendall(out, "\nWHERE ");
    write_row_is_valid(out, &scope);
    sqlite3_str_appendall(out, "\nON CONFLICT DO NOTHING;\nUPDATE temp.feature_batch SET n_new = changes(), "
                               "n = (SELECT COUNT(*) FROM ");
    write_batch_name(out, source);
    sqlite3_str_appendall(out, ");\n");
}

static void ingest_write_left(sqlite3_str *out, const feature_definition *definition,
                              const batch_source *source) {
    sqlite3_str_appendall(out, "\n-- What is left: a broken rule, or a row that is there and differs.\n"
                               "CREATE TEMP TABLE feature_left (_seq INTEGER PRIMARY KEY, ");
    for (int i = 0; i < definition->n_columns; i++)
        sqlite3_str_appendf(out, "\"%w\", ", definition->columns[i].name);
    sqlite3_str_appendall(
        out, "_verdict TEXT NOT NULL, _row TEXT);\nINSERT INTO temp.feature_left\nSELECT s._seq, ");
    write_names(out, definition, "s.", NULL, 0);
    sqlite3_str_appendall(out, ", CASE WHEN s._is_valid THEN 'valid' ELSE 'broken' END, NULL\n"
                               "FROM (SELECT 1 FROM temp.feature_batch WHERE n_new < n) AS b\nCROSS JOIN ");
    write_batch_rows(out, definition, source, true);
    sqlite3_str_appendf(out, "\nLEFT JOIN \"%w\" AS o ON ", definition->table);
    write_same_key(out, definition, "o.", "s.");
    sqlite3_str_appendall(out, "\nWHERE NOT s._is_valid OR ");
    write_differs(out, definition, "s.", "o.");
    sqlite3_str_appendall(out, ";\n");
}

/* Of several rows with one key in a batch the first counts, whatever the table held before: the same batch again then
** finds nothing to change. */
static void write_twice(sqlite3_str *out, const feature_definition *definition, const batch_source *source) {
    sqlite3_str_appendall(out, "\n-- Of several rows with one key the first counts.\n"
                               "CREATE TEMP TABLE feature_first AS\nSELECT ");
    write_names(out, definition, "s.", definition->row_key, definition->n_row_key);
    sqlite3_str_appendall(out, ", MIN(s._seq) AS _first\nFROM (SELECT 1 FROM temp.feature_left WHERE "
                               "_verdict = 'valid' LIMIT 1) AS b\n"
                               "CROSS JOIN ");
    write_batch_rows(out, definition, source, true);
    sqlite3_str_appendall(out, "\nWHERE s._is_valid AND ");
    write_row_key(out, definition, "s.");
    sqlite3_str_appendall(out, " IN (SELECT ");
    write_names(out, definition, "", definition->row_key, definition->n_row_key);
    sqlite3_str_appendall(out, " FROM temp.feature_left WHERE _verdict = 'valid')\nGROUP BY ");
    write_names(out, definition, "s.", definition->row_key, definition->n_row_key);
    sqlite3_str_appendall(
        out, "\nHAVING COUNT(*) > 1;\nCREATE UNIQUE INDEX temp.feature_first_by_key ON feature_first ");
    write_row_key(out, definition, "");
    sqlite3_str_appendall(out, ";\nINSERT OR REPLACE INTO temp.feature_left\nSELECT s._seq, ");
    write_names(out, definition, "s.", NULL, 0);
    sqlite3_str_appendall(out, ", CASE WHEN ");
    write_differs(out, definition, "s.", "first.");
    sqlite3_str_appendall(out, " THEN 'twice' ELSE 'same' END, NULL\n"
                               "FROM (SELECT 1 FROM temp.feature_first LIMIT 1) AS b\nCROSS JOIN ");
    write_batch_rows(out, definition, source, true);
    sqlite3_str_appendall(out, "\nCROSS JOIN temp.feature_first AS f ON ");
    write_same_key(out, definition, "f.", "s.");
    sqlite3_str_appendall(out, "\nCROSS JOIN ");
    sqlite3_str_appendall(out, "(SELECT r.rowid AS _row, ");
    if (source->table) write_values(out, definition, source);
    else write_names(out, definition, "r.", NULL, 0);
    sqlite3_str_appendall(out, " FROM ");
    write_batch_name(out, source);
    sqlite3_str_appendall(
        out, " AS r) AS first ON first._row = f._first\nWHERE s._is_valid AND s._seq > f._first;\n");
}

static void write_unique(sqlite3_str *out, const feature_definition *definition, int column) {
    const char *name = definition->columns[column].name;
    sqlite3_str_appendf(
        out, "UPDATE temp.feature_left AS l SET _verdict = 'unique %w'\nWHERE _verdict = 'valid' AND (",
        name);
    write_unique_taken(out, definition, column, "l.");
    sqlite3_str_appendf(
        out,
        "\n   OR EXISTS (SELECT 1 FROM temp.feature_left AS e WHERE e.\"%w\" = l.\"%w\" AND e._seq < l._seq "
        "AND e._verdict = 'valid'));\n",
        name, name);
}

/* --- rejects -------------------------------------------------------------------------------------------- */

/* Up to the reason, which comes next. */
static void write_reject_head(sqlite3_str *out, const feature_definition *definition, int column,
                              const char *rule) {
    const row_scope scope = {definition, "s.", false};
    sqlite3_str_appendf(
        out,
        "INSERT OR IGNORE INTO feature_rejects (group_name, feature, rule, value, reason, row, rejected_at)\n"
        "SELECT %Q, %Q, %Q, ",
        definition->name, column < 0 ? "" : definition->columns[column].name, rule);
    if (column >= 0) write_column(out, &scope, column);
    else sqlite3_str_appendall(out, "NULL");
    sqlite3_str_appendall(out, ", ");
}

#define REJECT_TAIL                                                                                          \
    ", s._row, strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', 'now')\nFROM temp.feature_left AS s WHERE s._verdict = "

static void write_rejects(sqlite3_str *out, const feature_definition *definition) {
    const row_scope scope = {definition, "s.", false};
    rule_walk walk = {0, 0, NULL, false};
    row_rule rule;
    sqlite3_str_appendall(
        out, "\n-- Every rule that a row breaks is a reject.\nUPDATE temp.feature_left AS s SET _row = ");
    write_row_json(out, &scope);
    sqlite3_str_appendall(out, "\nWHERE s._verdict NOT IN ('valid', 'same');\n");
    while (rule_next(definition, &walk, &rule)) {
        write_reject_head(out, definition, rule.column, rule_name(&rule));
        write_rule_reason(out, definition, &rule);
        sqlite3_str_appendf(out, REJECT_TAIL "'broken' AND NOT (");
        write_rule_holds(out, &scope, &rule);
        sqlite3_str_appendall(out, ");\n");
    }
    write_reject_head(out, definition, -1, "one_row_per_key");
    sqlite3_str_appendf(out, "'another row of the batch has the same key and came first'" REJECT_TAIL
                             "'twice';\n");
    for (int i = 0; i < definition->n_columns; i++) {
        const char *name = definition->columns[i].name;
        if (!definition->columns[i].is_unique) continue;
        write_reject_head(out, definition, i, "unique");
        sqlite3_str_appendf(out, "'%w is in another row'" REJECT_TAIL "'unique %w';\n", name, name);
    }
}

static void write_limit(sqlite3_str *out, const feature_definition *definition, double reject_limit) {
    sqlite3_str_appendall(
        out, "UPDATE temp.feature_batch SET n_rejected = (SELECT COUNT(*) FROM temp.feature_left "
             "WHERE _verdict NOT IN ('valid', 'same')),\n"
             "    n_changed = (SELECT COUNT(*) FROM temp.feature_left WHERE _verdict = 'valid');\n");
    sqlite3_str_appendf(
        out,
        "SELECT assert_that(n_rejected <= %!.15g * n, '%w: ' || n_rejected || ' of ' || n || ' rows break a "
        "rule, "
        "more than the limit of %!.15g percent: the batch is refused')\nFROM temp.feature_batch;\n",
        reject_limit, definition->name, 100 * reject_limit);
}

static void write_changes(sqlite3_str *out, const feature_definition *definition) {
    sqlite3_str_appendf(out,
                        "\n-- What differs replaces what is there, which the trigger moves to the "
                        "history.\nINSERT INTO \"%w\" (",
                        definition->table);
    write_names(out, definition, "", NULL, 0);
    sqlite3_str_appendall(out, ")\nSELECT ");
    for (int i = 0; i < definition->n_columns; i++) {
        const char *name = definition->columns[i].name;
        sqlite3_str_appendall(out, i ? ", " : "");
        if (i == definition->available) sqlite3_str_appendf(out, "max(l.\"%w\", b.known_at)", name);
        else sqlite3_str_appendf(out, "l.\"%w\"", name);
    }
    sqlite3_str_appendall(out, "\nFROM temp.feature_batch AS b CROSS JOIN temp.feature_left AS l\n"
                               "WHERE l._verdict = 'valid' ORDER BY l._seq\nON CONFLICT ");
    write_row_key(out, definition, "");
    sqlite3_str_appendall(out, " DO UPDATE SET ");
    const char *between = "";
    for (int i = 0; i < definition->n_columns; i++) {
        if (definition_is_in_row_key(definition, i)) continue;
        sqlite3_str_appendf(out, "%s\"%w\" = excluded.\"%w\"", between, definition->columns[i].name,
                            definition->columns[i].name);
        between = ", ";
    }
    sqlite3_str_appendall(out, ";\n");
}

void write_batch_ingest(sqlite3_str *out, const feature_definition *definition, const batch_source *source,
                        const char *known_at, double reject_limit) {
    sqlite3_str_appendf(
        out,
        "-- Rows for %s %d.%d.%d, all or none.\nBEGIN IMMEDIATE;\n"
        "CREATE TEMP TABLE feature_batch AS SELECT 0 AS n, 0 AS n_new, 0 AS n_changed, 0 AS n_rejected, ",
        definition->name, definition->version[0], definition->version[1], definition->version[2]);
    if (known_at) sqlite3_str_appendall(out, known_at);
    else write_now(out, definition);
    sqlite3_str_appendall(out, " AS known_at;\n");
    if (!source->table) write_kept_batch(out, definition, source);
    sqlite3_str_appendf(out, "DROP TRIGGER IF EXISTS \"%w_once\"; -- what it refuses is asked for here\n",
                        definition->table);
    write_first_pass(out, definition, source);
    ingest_write_left(out, definition, source);
    write_twice(out, definition, source);
    for (int i = 0; i < definition->n_columns; i++)
        if (definition->columns[i].is_unique) write_unique(out, definition, i);
    write_rejects(out, definition);
    write_limit(out, definition, reject_limit);
    write_changes(out, definition);
    write_once_trigger(out, definition, false);
    sqlite3_str_appendf(
        out,
        "\nINSERT INTO ops_audit (at, who, action, object, detail)\n"
        "SELECT strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', 'now'), (SELECT who FROM ops_actor), 'ingest', %Q,\n"
        "       json_object('rows', n, 'new', n_new, 'changed', n_changed, 'rejected', n_rejected)\n"
        "FROM temp.feature_batch WHERE n_new > 0 OR n_changed > 0 OR n_rejected > 0;\n"
        "DROP TABLE temp.feature_first;\nDROP TABLE temp.feature_left;\n%sDROP TABLE "
        "temp.feature_batch;\nCOMMIT;\n",
        definition->name, source->table ? "" : "DROP TABLE temp.feature_source;\n");
}
