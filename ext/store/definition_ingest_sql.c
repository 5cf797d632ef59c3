#include "store/definition_ingest_sql.h"

#include "store/definition_rules_sql.h"

/* --- the rows ------------------------------------------------------------------------------------------- */

/* Each column of the group out of the source, where NULL is filled in. */
static void write_values(sqlite3_str *out, const feature_definition *definition, const batch_source *source) {
    const row_scope scope = {definition, "r.", true};
    for (int i = 0; i < definition->n_columns; i++) {
        const definition_column *column = &definition->columns[i];
        const cJSON *otherwise =
            column->feature ? cJSON_GetObjectItemCaseSensitive(column->feature, "default") : NULL;
        if (i > 0) sqlite3_str_appendall(out, ", ");
        if (source->has_column[i]) {
            write_column(out, &scope, i);
        } else if (otherwise) {
            write_literal(out, otherwise);
        } else if (i == definition->available) {
            write_usual_available(out, &scope);
        } else {
            sqlite3_str_appendall(out, "NULL");
        }
        sqlite3_str_appendf(out, " AS \"%w\"", column->name);
    }
}

/* A batch that is a query is kept while it is looked at: asked twice, it might answer twice. Its columns have the types
** of the group, so that '12.5' out of a text file is a number. */
static void write_kept_batch(sqlite3_str *out, const feature_definition *definition,
                             const batch_source *source) {
    sqlite3_str_appendall(out, "CREATE TEMP TABLE feature_source (");
    for (int i = 0; i < definition->n_columns; i++)
        sqlite3_str_appendf(out, "%s\"%w\" %s", i ? ", " : "", definition->columns[i].name,
                            definition->columns[i].type.storage);
    sqlite3_str_appendall(out, ");\nINSERT INTO temp.feature_source SELECT ");
    write_values(out, definition, source);
    sqlite3_str_appendf(out, " FROM (%s) AS r;\n", source->query);
}

static void write_batch_name(sqlite3_str *out, const batch_source *source) {
    if (source->table) sqlite3_str_appendf(out, "\"%w\"", source->table);
    else sqlite3_str_appendall(out, "temp.feature_source");
}

/* (SELECT _seq, columns[, _is_valid]) AS s */
static void write_batch_rows(sqlite3_str *out, const feature_definition *definition,
                             const batch_source *source, bool with_verdict) {
    const row_scope scope = {definition, "s.", false};
    if (with_verdict) {
        sqlite3_str_appendall(out, "(SELECT *, (");
        write_row_is_valid(out, &scope);
        sqlite3_str_appendall(out, ") AS _is_valid FROM ");
    }
    sqlite3_str_appendall(out, "(SELECT r.rowid AS _seq, ");
    if (source->table) write_values(out, definition, source);
    else write_names(out, definition, "r.", NULL, 0);
    sqlite3_str_appendall(out, " FROM ");
    write_batch_name(out, source);
    sqlite3_str_appendall(out, with_verdict ? " AS r) AS s) AS s" : " AS r) AS s");
}

static void write_row_key(sqlite3_str *out, const feature_definition *definition, const char *prefix) {
    sqlite3_str_appendall(out, "(");
    write_names(out, definition, prefix, definition->row_key, definition->n_row_key);
    sqlite3_str_appendall(out, ")");
}

static void write_same_key(sqlite3_str *out, const feature_definition *definition, const char *a,
                           const char *b) {
    write_row_key(out, definition, a);
    sqlite3_str_appendall(out, " = ");
    write_row_key(out, definition, b);
}

/* Whether two rows differ in more than when they became known. */
static void write_differs(sqlite3_str *out, const feature_definition *definition, const char *a,
                          const char *b) {
    sqlite3_str_appendall(out, "(");
    write_names_but_available(out, definition, a);
    sqlite3_str_appendall(out, ") IS NOT (");
    write_names_but_available(out, definition, b);
    sqlite3_str_appendall(out, ")");
}

/* --- ingest --------------------------------------------------------------------------------------------- */

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

static void write_left(sqlite3_str *out, const feature_definition *definition, const batch_source *source) {
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
        out,
        "UPDATE temp.feature_left AS l SET _verdict = 'unique %w'\nWHERE _verdict = 'valid' AND (EXISTS ("
        "SELECT 1 FROM \"%w\" AS o WHERE o.\"%w\" = l.\"%w\" AND ",
        name, definition->table, name, name);
    write_row_key(out, definition, "o.");
    sqlite3_str_appendall(out, " IS NOT ");
    write_row_key(out, definition, "l.");
    sqlite3_str_appendf(
        out,
        ")\n   OR EXISTS (SELECT 1 FROM temp.feature_left AS e WHERE e.\"%w\" = l.\"%w\" AND e._seq < l._seq "
        "AND e._verdict = 'valid'));\n",
        name, name);
}

/* --- rejects -------------------------------------------------------------------------------------------- */

static void write_reject(sqlite3_str *out, const feature_definition *definition, const char *feature,
                         const char *rule, int column, const char *reason) {
    const row_scope scope = {definition, "s.", false};
    sqlite3_str_appendf(
        out,
        "INSERT OR IGNORE INTO feature_rejects (group_name, feature, rule, value, reason, row, rejected_at)\n"
        "SELECT %Q, %Q, %Q, ",
        definition->name, feature, rule);
    if (column >= 0) write_column(out, &scope, column);
    else sqlite3_str_appendall(out, "NULL");
    sqlite3_str_appendf(out, ", %s, ", reason);
    write_row_json(out, &scope);
    sqlite3_str_appendall(
        out, ", strftime('%Y-%m-%dT%H:%M:%SZ', 'now')\nFROM temp.feature_left AS s WHERE s._verdict = ");
}

static void write_rejects(sqlite3_str *out, const feature_definition *definition) {
    const row_scope scope = {definition, "s.", false};
    rule_walk walk = {0, 0, NULL, false};
    row_rule rule;
    sqlite3_str_appendall(
        out, "\n-- Every rule that a row breaks is a reject.\nUPDATE temp.feature_left AS s SET _row = ");
    write_row_json(out, &scope);
    sqlite3_str_appendall(out, "\nWHERE s._verdict NOT IN ('valid', 'same');\n");
    while (rule_next(definition, &walk, &rule)) {
        sqlite3_str *reason = sqlite3_str_new(NULL);
        write_rule_reason(reason, definition, &rule);
        char *text = sqlite3_str_finish(reason);
        write_reject(out, definition, rule.column < 0 ? "" : definition->columns[rule.column].name,
                     rule_name(&rule), rule.column, text ? text : "''");
        sqlite3_free(text);
        sqlite3_str_appendall(out, "'broken' AND NOT (");
        write_rule_holds(out, &scope, &rule);
        sqlite3_str_appendall(out, ");\n");
    }
    write_reject(out, definition, "", "one_row_per_key", -1,
                 "'another row of the batch has the same key and came first'");
    sqlite3_str_appendall(out, "'twice';\n");
    for (int i = 0; i < definition->n_columns; i++) {
        const char *name = definition->columns[i].name;
        if (!definition->columns[i].is_unique) continue;
        char *reason = sqlite3_mprintf("'%w is in another row'", name);
        write_reject(out, definition, name, "unique", i, reason ? reason : "''");
        sqlite3_str_appendf(out, "'unique %w';\n", name);
        sqlite3_free(reason);
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
    write_first_pass(out, definition, source);
    write_left(out, definition, source);
    write_twice(out, definition, source);
    for (int i = 0; i < definition->n_columns; i++)
        if (definition->columns[i].is_unique) write_unique(out, definition, i);
    write_rejects(out, definition);
    write_limit(out, definition, reject_limit);
    write_changes(out, definition);
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

/* --- what would happen ---------------------------------------------------------------------------------- */

static void write_broken(sqlite3_str *out, const feature_definition *definition) {
    const row_scope scope = {definition, "s.", false};
    rule_walk walk = {0, 0, NULL, false};
    row_rule rule;
    sqlite3_str_appendall(out, "CASE WHEN s._nth > 1 THEN json_array('', 'one_row_per_key', NULL, 'another "
                               "row of the batch has the same key and came first')");
    for (int i = 0; i < definition->n_columns; i++) {
        const char *name = definition->columns[i].name;
        if (!definition->columns[i].is_unique) continue;
        sqlite3_str_appendf(out, " WHEN EXISTS (SELECT 1 FROM \"%w\" AS o WHERE o.\"%w\" = s.\"%w\" AND ",
                            definition->table, name, name);
        write_row_key(out, definition, "o.");
        sqlite3_str_appendall(out, " IS NOT ");
        write_row_key(out, definition, "s.");
        sqlite3_str_appendf(out, ") THEN json_array(%Q, 'unique', s.\"%w\", '%w is in another row')", name,
                            name, name);
    }
    while (rule_next(definition, &walk, &rule)) {
        sqlite3_str_appendall(out, "\n    WHEN NOT (");
        write_rule_holds(out, &scope, &rule);
        sqlite3_str_appendf(out, ") THEN json_array(%Q, %Q, ",
                            rule.column < 0 ? "" : definition->columns[rule.column].name, rule_name(&rule));
        if (rule.column < 0) {
            sqlite3_str_appendall(out, "NULL");
        } else {
            sqlite3_str_appendall(out, "CASE WHEN typeof(");
            write_column(out, &scope, rule.column);
            sqlite3_str_appendall(out, ") = 'blob' THEN hex(");
            write_column(out, &scope, rule.column);
            sqlite3_str_appendall(out, ") ELSE ");
            write_column(out, &scope, rule.column);
            sqlite3_str_appendall(out, " END");
        }
        sqlite3_str_appendall(out, ", ");
        write_rule_reason(out, definition, &rule);
        sqlite3_str_appendall(out, ")");
    }
    sqlite3_str_appendall(out, " END");
}

void write_batch_validation(sqlite3_str *out, const feature_definition *definition,
                            const batch_source *source) {
    const row_scope scope = {definition, "s.", false};
    sqlite3_str_appendall(out, "WITH r AS MATERIALIZED (SELECT ");
    for (int i = 0; i < definition->n_columns; i++) {
        const char *name = definition->columns[i].name;
        sqlite3_str_appendf(out, "%sv.\"%w\" AS \"%w\"", i ? ", " : "", name, name);
    }
    sqlite3_str_appendall(out, " FROM (SELECT ");
    write_values(out, definition, source);
    sqlite3_str_appendf(
        out, " FROM (%s) AS r) AS v),\nnumbered AS (SELECT ROW_NUMBER() OVER () AS _seq, r.* FROM r),\n",
        source->query);
    sqlite3_str_appendall(out, "valid AS (SELECT *, (");
    write_row_is_valid(out, &scope);
    sqlite3_str_appendall(
        out,
        ") AS _is_valid FROM numbered AS s),\n"
        "s AS MATERIALIZED (SELECT *, CASE WHEN _is_valid THEN ROW_NUMBER() OVER (PARTITION BY _is_valid, ");
    write_names(out, definition, "", definition->row_key, definition->n_row_key);
    sqlite3_str_appendall(out, " ORDER BY _seq) END AS _nth FROM valid),\njudged AS (SELECT s.*, ");
    write_broken(out, definition);
    sqlite3_str_appendf(out,
                        " AS _broken FROM s)\nSELECT s._seq, CASE WHEN s._broken IS NOT NULL THEN 'reject' "
                        "WHEN NOT EXISTS (SELECT 1 FROM \"%w\" AS o WHERE ",
                        definition->table);
    write_same_key(out, definition, "o.", "s.");
    sqlite3_str_appendf(out, ") THEN 'new'\n    WHEN EXISTS (SELECT 1 FROM \"%w\" AS o WHERE ",
                        definition->table);
    write_same_key(out, definition, "o.", "s.");
    sqlite3_str_appendall(out, " AND ");
    write_differs(out, definition, "s.", "o.");
    sqlite3_str_appendall(
        out,
        ") THEN 'change' ELSE 'same' END, json_extract(s._broken, '$[0]'), json_extract(s._broken, '$[1]'),\n"
        "    json_extract(s._broken, '$[2]'), json_extract(s._broken, '$[3]'), ");
    write_row_json(out, &scope);
    sqlite3_str_appendall(out, "\nFROM judged AS s ORDER BY s._seq");
}
