#include "store/definition/definition_rules_sql.h"

#include <math.h>
#include <string.h>
#include "base/numbers/decimal.h"
#include "base/numbers/instant.h"

/* --- literals and names --------------------------------------------------------------------------------- */

static void write_real(sqlite3_str *out, double x) {
    char text[ATHLETE_DECIMAL_SIZE];
    sqlite3_str_append(out, text, decimal_write_short(x, text));
}

void write_literal(sqlite3_str *out, const cJSON *value) {
    if (cJSON_IsString(value)) sqlite3_str_appendf(out, "%Q", value->valuestring);
    else if (cJSON_IsBool(value)) sqlite3_str_appendall(out, cJSON_IsTrue(value) ? "1" : "0");
    else if (fabs(value->valuedouble) < 1e15 && value->valuedouble == floor(value->valuedouble))
        sqlite3_str_appendf(out, "%lld", (sqlite3_int64)value->valuedouble);
    else write_real(out, value->valuedouble);
}

void write_names(sqlite3_str *out, const feature_definition *definition, const char *prefix, const int *only,
                 int n) {
    for (int i = 0; i < (only ? n : definition->n_columns); i++)
        sqlite3_str_appendf(out, "%s%s\"%w\"", i ? ", " : "", prefix,
                            definition->columns[only ? only[i] : i].name);
}

void write_names_but_available(sqlite3_str *out, const feature_definition *definition, const char *prefix) {
    const char *between = "";
    for (int i = 0; i < definition->n_columns; i++) {
        if (i == definition->available) continue;
        sqlite3_str_appendf(out, "%s%s\"%w\"", between, prefix, definition->columns[i].name);
        between = ", ";
    }
}

static const cJSON *field_of(const feature_definition *definition, int column, const char *name) {
    const cJSON *feature = definition->columns[column].feature;
    return feature ? cJSON_GetObjectItemCaseSensitive(feature, name) : NULL;
}

static bool times_are_text(const feature_definition *definition) {
    return strcmp(definition->columns[definition->timestamp].type.storage, "TEXT") == 0;
}

void write_now(sqlite3_str *out, const feature_definition *definition) {
    sqlite3_str_appendall(out, times_are_text(definition) ? "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
                                                          : "CAST(strftime('%s', 'now') AS INTEGER)");
}

void write_usual_available(sqlite3_str *out, const row_scope *scope) {
    const feature_definition *definition = scope->definition;
    const char *name = definition->columns[definition->timestamp].name;
    if (definition->delay_s <= 0) {
        sqlite3_str_appendf(out, "%s\"%w\"", scope->prefix, name);
    } else if (times_are_text(definition)) {
        sqlite3_str_appendf(out, "strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', %s\"%w\", '+%!.15g seconds')",
                            scope->prefix, name, definition->delay_s);
    } else {
        sqlite3_str_appendf(out, "%s\"%w\" + %lld", scope->prefix, name, (sqlite3_int64)definition->delay_s);
    }
}

void write_column(sqlite3_str *out, const row_scope *scope, int column) {
    const char *name = scope->definition->columns[column].name;
    const cJSON *otherwise = field_of(scope->definition, column, "default");
    bool fills_in = scope->fills_in && (otherwise || column == scope->definition->available);
    sqlite3_str_appendf(out, "%s%s\"%w\"", fills_in ? "COALESCE(" : "", scope->prefix, name);
    if (!fills_in) return;
    sqlite3_str_appendall(out, ", ");
    if (otherwise) write_literal(out, otherwise);
    else write_usual_available(out, scope);
    sqlite3_str_appendall(out, ")");
}

/* --- the rules of a definition -------------------------------------------------------------------------- */

static bool column_rule(const feature_definition *definition, int column, rule_kind kind, row_rule *rule) {
    static const char *const fields[] = {
        [RULE_MIN] = "min", [RULE_MAX] = "max", [RULE_ALLOWED] = "allowed", [RULE_PATTERN] = "pattern"};
    *rule = (row_rule){kind, column, NULL};
    if (kind == RULE_NOT_NULL) return definition->columns[column].not_null;
    if (kind == RULE_TYPE) return true;
    rule->value = field_of(definition, column, fields[kind]);
    return rule->value != NULL;
}

bool rule_next(const feature_definition *definition, rule_walk *walk, row_rule *rule) {
    for (; walk->column < definition->n_columns; walk->column++, walk->kind = 0) {
        while (walk->kind < RULE_PREDICATE)
            if (column_rule(definition, walk->column, (rule_kind)walk->kind++, rule)) return true;
    }
    if (!walk->in_predicates) walk->predicate = definition->rules ? definition->rules->child : NULL;
    else if (walk->predicate) walk->predicate = walk->predicate->next;
    walk->in_predicates = true;
    *rule = (row_rule){RULE_PREDICATE, -1, walk->predicate};
    return walk->predicate != NULL;
}

static const char *text_field(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name)->valuestring;
}

const char *rule_name(const row_rule *rule) {
    static const char *const names[] = {"not_null", "type", "min", "max", "allowed", "pattern"};
    return rule->kind == RULE_PREDICATE ? text_field(rule->value, "name") : names[rule->kind];
}

/* A type's check, with the value in the place of $. */
static void write_type_check(sqlite3_str *out, const row_scope *scope, int column, const char *check) {
    for (const char *at = check; *at; at++) {
        if (*at == '$') write_column(out, scope, column);
        else sqlite3_str_appendchar(out, 1, *at);
    }
}

static void write_list(sqlite3_str *out, const cJSON *list) {
    for (const cJSON *each = list->child; each; each = each->next) {
        write_literal(out, each);
        if (each->next) sqlite3_str_appendall(out, ", ");
    }
}

static bool is_in_trigger(const row_scope *scope) {
    return strcmp(scope->prefix, "new.") == 0;
}

/* A predicate names columns alone; in a trigger they stand in a row of their own. */
static void write_predicate(sqlite3_str *out, const row_scope *scope, const char *predicate) {
    if (!is_in_trigger(scope)) {
        sqlite3_str_appendf(out, "(%s)", predicate);
        return;
    }
    sqlite3_str_appendf(out, "(SELECT (%s) FROM (SELECT ", predicate);
    for (int i = 0; i < scope->definition->n_columns; i++) {
        write_column(out, scope, i);
        sqlite3_str_appendf(out, " AS \"%w\"%s", scope->definition->columns[i].name,
                            i + 1 < scope->definition->n_columns ? ", " : "");
    }
    sqlite3_str_appendall(out, "))");
}

/* The + takes a column's affinity away, which would turn the limit into a text beside a text. */
void write_rule_holds(sqlite3_str *out, const row_scope *scope, const row_rule *rule) {
    sqlite3_str_appendall(out, "(");
    switch (rule->kind) {
    case RULE_NOT_NULL:
        write_column(out, scope, rule->column);
        sqlite3_str_appendall(out, " IS NOT NULL)");
        return;
    case RULE_TYPE: /* whether NULL may stand here is another rule */
        write_column(out, scope, rule->column);
        sqlite3_str_appendall(out, " IS NULL OR ");
        write_type_check(out, scope, rule->column, scope->definition->columns[rule->column].type.check);
        break;
    case RULE_MIN:
    case RULE_MAX:
        sqlite3_str_appendall(out, "+");
        write_column(out, scope, rule->column);
        sqlite3_str_appendall(out, rule->kind == RULE_MIN ? " >= " : " <= ");
        write_literal(out, rule->value);
        break;
    case RULE_ALLOWED:
        write_column(out, scope, rule->column);
        sqlite3_str_appendall(out, " IN (");
        write_list(out, rule->value);
        sqlite3_str_appendall(out, ")");
        break;
    case RULE_PATTERN:
        write_column(out, scope, rule->column);
        sqlite3_str_appendf(out, " GLOB %Q", rule->value->valuestring);
        break;
    case RULE_PREDICATE: write_predicate(out, scope, text_field(rule->value, "predicate")); break;
    }
    sqlite3_str_appendall(out, ") IS NOT 0");
}

/* Numbers come before texts and blobs, so that one BETWEEN says both range and type. */
static bool is_bounded_number(const feature_definition *definition, int column) {
    const feature_type *type = &definition->columns[column].type;
    return strcmp(type->name, "numerical") == 0 && type->quick && field_of(definition, column, "min") &&
           field_of(definition, column, "max");
}

static void write_when(sqlite3_str *out, const row_scope *scope, int column, const char *before) {
    sqlite3_str_appendf(out, "\n    WHEN %s", before);
    write_column(out, scope, column);
}

static void write_range_tests(sqlite3_str *out, const row_scope *scope, int column) {
    row_rule rule;
    for (int kind = RULE_MIN; kind <= RULE_MAX; kind++) {
        if (!column_rule(scope->definition, column, (rule_kind)kind, &rule)) continue;
        write_when(out, scope, column, "+");
        sqlite3_str_appendall(out, kind == RULE_MIN ? " < " : " > ");
        write_literal(out, rule.value);
        sqlite3_str_appendall(out, " THEN 0");
    }
}

void feature_time(sqlite3_context *context, int argc, sqlite3_value **argv) {
    if (argc != 1) {
        sqlite3_result_error(context, "feature time: a part of feature_group_ingest, not to be called", -1);
        return;
    }
    if (sqlite3_value_type(argv[0]) != SQLITE_TEXT) return;
    const char *text = (const char *)sqlite3_value_text(argv[0]);
    if (text && (instant_is_canonical(text, (size_t)sqlite3_value_bytes(argv[0]), 0) ||
                 instant_is_canonical(text, (size_t)sqlite3_value_bytes(argv[0]), 3))) sqlite3_result_int(context, 1);
}

/* What stands in a trigger has to do without the extension. */
static bool asks_feature_time(const row_scope *scope, const definition_column *column) {
    return !is_in_trigger(scope) && strcmp(column->type.name, "timestamp") == 0 && column->type.quick;
}

/* Texts alone are as good as one of some texts. */
static bool is_listed_text(const feature_definition *definition, int column) {
    const feature_type *type = &definition->columns[column].type;
    return strcmp(type->name, "categorical") == 0 && type->quick && field_of(definition, column, "allowed");
}

/* Type and range of a column, and whether it may be NULL. */
static void write_type_tests(sqlite3_str *out, const row_scope *scope, int column) {
    const definition_column *c = &scope->definition->columns[column];
    bool is_bounded = is_bounded_number(scope->definition, column);
    bool is_listed = is_listed_text(scope->definition, column);
    if (c->not_null && (is_listed || !c->type.quick)) {
        write_when(out, scope, column, "");
        sqlite3_str_appendall(out, " IS NULL THEN 0");
    }
    if (is_bounded) {
        write_when(out, scope, column, c->not_null ? "(+" : "+");
        sqlite3_str_appendall(out, c->not_null ? " BETWEEN " : " NOT BETWEEN ");
        write_literal(out, field_of(scope->definition, column, "min"));
        sqlite3_str_appendall(out, " AND ");
        write_literal(out, field_of(scope->definition, column, "max"));
        sqlite3_str_appendall(out, c->not_null ? ") IS NOT TRUE THEN 0" : " THEN 0");
        return;
    }
    if (is_listed) return;
    if (!c->not_null) write_when(out, scope, column, "");
    sqlite3_str_appendall(out, c->not_null ? "\n    WHEN (" : " IS NOT NULL AND (");
    if (asks_feature_time(scope, c)) {
        sqlite3_str_appendall(out, "\"feature time\"(");
        write_column(out, scope, column);
        sqlite3_str_appendall(out, ") OR ");
    }
    write_type_check(out, scope, column, c->type.quick ? c->type.quick : c->type.check);
    sqlite3_str_appendall(out, c->type.quick ? ") IS NOT TRUE THEN 0" : ") IS 0 THEN 0");
    write_range_tests(out, scope, column);
}

/* A CASE is faster than a list, for which SQLite makes an index. */
static void write_list_tests(sqlite3_str *out, const row_scope *scope, int column) {
    row_rule rule;
    if (column_rule(scope->definition, column, RULE_ALLOWED, &rule)) {
        write_when(out, scope, column, "");
        sqlite3_str_appendf(out, " IS NOT NULL AND CASE %s",
                            is_listed_text(scope->definition, column) ? "+" : "");
        write_column(out, scope, column);
        for (const cJSON *each = rule.value->child; each; each = each->next) {
            sqlite3_str_appendall(out, " WHEN ");
            write_literal(out, each);
            sqlite3_str_appendall(out, " THEN 0");
        }
        sqlite3_str_appendall(out, " ELSE 1 END THEN 0");
    }
    if (column_rule(scope->definition, column, RULE_PATTERN, &rule)) {
        write_when(out, scope, column, "");
        sqlite3_str_appendf(out, " NOT GLOB %Q THEN 0", rule.value->valuestring);
    }
}

/* As few tests as say it, since they run for every row, and one beside the other, since SQLite limits how deep an
** expression may be. A comparison with NULL is no reason: whether NULL may stand there is asked before. */
void write_validity_tests(sqlite3_str *out, const row_scope *scope) {
    const feature_definition *definition = scope->definition;
    for (int i = 0; i < definition->n_columns; i++) {
        write_type_tests(out, scope, i);
        write_list_tests(out, scope, i);
    }
    for (const cJSON *each = definition->rules ? definition->rules->child : NULL; each; each = each->next) {
        sqlite3_str_appendall(out, "\n    WHEN ");
        write_predicate(out, scope, text_field(each, "predicate"));
        sqlite3_str_appendall(out, " IS 0 THEN 0");
    }
}

void write_row_is_valid(sqlite3_str *out, const row_scope *scope) {
    sqlite3_str_appendall(out, "CASE");
    write_validity_tests(out, scope);
    sqlite3_str_appendall(out, "\n    ELSE 1 END");
}

/* A literal inside a text literal. */
static void write_plainly(sqlite3_str *out, const cJSON *value) {
    if (cJSON_IsString(value)) sqlite3_str_appendf(out, "%q", value->valuestring);
    else write_literal(out, value);
}

void write_rule_reason(sqlite3_str *out, const feature_definition *definition, const row_rule *rule) {
    const definition_column *column = rule->column >= 0 ? &definition->columns[rule->column] : NULL;
    sqlite3_str_appendall(out, "'");
    switch (rule->kind) {
    case RULE_NOT_NULL: sqlite3_str_appendf(out, "%s is missing", column->name); break;
    case RULE_TYPE: sqlite3_str_appendf(out, "%s is not of type %s", column->name, column->type.name); break;
    case RULE_MIN:
    case RULE_MAX:
        sqlite3_str_appendf(out, "%s is %s ", column->name, rule->kind == RULE_MIN ? "below" : "above");
        write_plainly(out, rule->value);
        break;
    case RULE_ALLOWED:
        sqlite3_str_appendf(out, "%s is none of ", column->name);
        for (const cJSON *each = rule->value->child; each; each = each->next) {
            write_plainly(out, each);
            if (each->next) sqlite3_str_appendall(out, ", ");
        }
        break;
    case RULE_PATTERN:
        sqlite3_str_appendf(out, "%s is not like %q", column->name, rule->value->valuestring);
        break;
    case RULE_PREDICATE: sqlite3_str_appendf(out, "%q", text_field(rule->value, "reason")); break;
    }
    sqlite3_str_appendall(out, "'");
}

/* --- a row as JSON -------------------------------------------------------------------------------------- */

void write_json_value(sqlite3_str *out, const row_scope *scope, int column) {
    sqlite3_str_appendall(out, "CASE WHEN typeof(");
    write_column(out, scope, column);
    sqlite3_str_appendall(out, ") = 'blob' THEN hex(");
    write_column(out, scope, column);
    sqlite3_str_appendall(out, ") WHEN ");
    write_column(out, scope, column);
    sqlite3_str_appendall(out, " IN (9e999, -9e999) THEN CAST(");
    write_column(out, scope, column);
    sqlite3_str_appendall(out, " AS TEXT) ELSE ");
    write_column(out, scope, column);
    sqlite3_str_appendall(out, " END");
}

/* A text as it stands in JSON. Neither replace() nor printf() sees a zero byte: such a text is its bytes, as a blob is. */
#define ESCAPED                                                                                              \
    "CASE WHEN column2 GLOB printf('*[%c-%c]*', char(1), char(31)) THEN (\n"                                 \
    "        WITH RECURSIVE e(t, n) AS (\n"                                                                  \
    "            SELECT replace(replace(column2, '\\', '\\\\'), '\"', '\\\"'), 1\n"                          \
    "            UNION ALL\n"                                                                                \
    "            SELECT replace(t, char(n), CASE n WHEN 8 THEN '\\b' WHEN 9 THEN '\\t' WHEN 10 THEN '\\n'\n" \
    "                   WHEN 12 THEN '\\f' WHEN 13 THEN '\\r' ELSE printf('\\u%04x', n) END), n + 1\n"       \
    "            FROM e WHERE n < 32)\n"                                                                     \
    "        SELECT t FROM e WHERE n = 32)\n"                                                                \
    "        ELSE replace(replace(column2, '\\', '\\\\'), '\"', '\\\"') END"

/* Without SQLite's JSON functions, which some versions refuse in a trigger where the schema is not trusted. The row tells one
** reject from another: a REAL has 15 digits in every version. */
void write_row_json(sqlite3_str *out, const row_scope *scope) {
    sqlite3_str_appendall(out, "(SELECT printf('{%s}', group_concat(printf(CASE WHEN column3 THEN "
                               "'\"%s\":\"%s\"' ELSE '\"%s\":%s' END, column1,\n"
                               "        column2))) FROM (SELECT column1, typeof(column2) IN ('text', 'blob') "
                               "OR column2 IN (9e999, -9e999) AS column3,\n"
                               "        CASE WHEN column2 IS NULL THEN 'null' WHEN typeof(column2) = 'blob' "
                               "OR instr(column2, char(0)) THEN hex(column2)\n"
                               "        WHEN typeof(column2) = 'text' THEN " ESCAPED "\n"
                               "        WHEN typeof(column2) = 'real' THEN printf('%!.15g', column2) ELSE "
                               "column2 END AS column2 FROM (VALUES ");
    for (int i = 0; i < scope->definition->n_columns; i++) {
        /* the + keeps the name column2, which would be the column's own */
        sqlite3_str_appendf(out, "%s(%Q, +", i > 0 ? ", " : "", scope->definition->columns[i].name);
        write_column(out, scope, i);
        sqlite3_str_appendall(out, ")");
    }
    sqlite3_str_appendall(out, ")))");
}

void write_create(sqlite3_str *out, const feature_definition *definition, const char *what,
                  const char *suffix, bool replaces) {
    if (replaces) sqlite3_str_appendf(out, "DROP %s IF EXISTS \"%w%s\";\n", what, definition->table, suffix);
    sqlite3_str_appendf(out, "CREATE %s IF NOT EXISTS \"%w%s\"", what, definition->table, suffix);
}
