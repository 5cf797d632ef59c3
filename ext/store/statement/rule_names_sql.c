/* What templates call the rules of a row. */
#include <string.h>
#include "store/statement/statement_names_sql.h"
#include "store/statement/statement_sql.h"

static const statement_scope *names_of(const void *scope) {
    return scope;
}

/* --- rules one after the other -------------------------------------------------------------------------- */

static bool has_rule(const statement_scope *scope, rule_kind kind) {
    static const char *const fields[] = {
        [RULE_MIN] = "min", [RULE_MAX] = "max", [RULE_ALLOWED] = "allowed", [RULE_PATTERN] = "pattern"};
    if (kind == RULE_NOT_NULL) return scope_column(scope)->not_null;
    return kind == RULE_TYPE || scope_field(scope, fields[kind]);
}

static bool next_predicate(statement_scope *scope, bool is_first) {
    const cJSON *rules = scope->definition->rules;
    scope->rule = RULE_PREDICATE;
    scope->column = -1;
    scope->predicate = !is_first ? scope->predicate->next : rules ? rules->child : NULL;
    return scope->predicate != NULL;
}

static bool names_predicates(void *scope, int nth) {
    return next_predicate(scope, nth == 0);
}

/* Those that ask the row alone: of each column, then of several. */
static bool names_rules(void *opaque, int nth) {
    statement_scope *scope = opaque;
    if (nth > 0 && scope->rule == RULE_PREDICATE) return next_predicate(scope, false);
    int column = nth == 0 ? 0 : scope->column, kind = nth == 0 ? 0 : (int)scope->rule + 1;
    for (; column < scope->definition->n_columns; column++, kind = 0) {
        scope->column = column;
        for (; kind < RULE_PREDICATE; kind++) {
            if (!has_rule(scope, (rule_kind)kind)) continue;
            scope->rule = (rule_kind)kind;
            return true;
        }
    }
    return next_predicate(scope, true);
}

static bool next_unique(statement_scope *scope, bool is_first) {
    scope->rule = RULE_UNIQUE;
    if (is_first) scope->column = -1;
    while (++scope->column < scope->definition->n_columns)
        if (scope_column(scope)->is_unique) return true;
    return false;
}

static bool is_twice(statement_scope *scope) {
    scope->rule = RULE_TWICE;
    scope->column = -1;
    return true;
}

/* Then those that ask other rows. */
static bool names_every_rule(void *opaque, int nth) {
    statement_scope *scope = opaque;
    if (nth > 0 && scope->rule == RULE_TWICE) return next_unique(scope, true);
    if (nth > 0 && scope->rule == RULE_UNIQUE) return next_unique(scope, false);
    return names_rules(scope, nth) || is_twice(scope);
}

/* From 0 on, in the order in which they are asked. */
static bool names_numbered_rules(void *opaque, int nth) {
    statement_scope *scope = opaque;
    scope->number = nth;
    if (nth == 0) return is_twice(scope);
    if (nth > 1 && scope->rule == RULE_UNIQUE) return next_unique(scope, false);
    return names_rules(scope, nth - 1) || (scope->has_table && next_unique(scope, true));
}

static bool names_allowed(void *opaque, int nth) {
    statement_scope *scope = opaque;
    const cJSON *allowed = scope_field(scope, "allowed");
    scope->member = nth == 0 ? (allowed ? allowed->child : NULL) : scope->member->next;
    return scope->member != NULL;
}

/* --- texts and pieces ----------------------------------------------------------------------------------- */

static const char *predicate_text(const statement_scope *scope, const char *field) {
    return cJSON_GetObjectItemCaseSensitive(scope->predicate, field)->valuestring;
}

static const char *names_rule(const void *scope) {
    static const char *const rules[] = {"not_null",
                                        "type",
                                        "min",
                                        "max",
                                        "allowed",
                                        "pattern",
                                        [RULE_UNIQUE] = "unique",
                                        [RULE_TWICE] = "one_row_per_key"};
    rule_kind kind = names_of(scope)->rule;
    return kind == RULE_PREDICATE ? predicate_text(scope, "name") : rules[kind];
}

static const char *names_reason(const void *scope) {
    return predicate_text(scope, "reason");
}

static const char *names_pattern(const void *scope) {
    return scope_field(scope, "pattern")->valuestring;
}

static const char *names_member_text(const void *scope) {
    return names_of(scope)->member->valuestring;
}

static const sql_text rule_texts[] = {
    {"rule", names_rule},
    {"reason", names_reason},
    {"pattern", names_pattern},
    {"member_text", names_member_text},
    {NULL, NULL},
};

static void names_min(sqlite3_str *out, const void *scope) {
    write_literal(out, scope_field(scope, "min"));
}

static void names_max(sqlite3_str *out, const void *scope) {
    write_literal(out, scope_field(scope, "max"));
}

static void names_member(sqlite3_str *out, const void *scope) {
    write_literal(out, names_of(scope)->member);
}

static void names_number(sqlite3_str *out, const void *scope) {
    sqlite3_str_appendf(out, "%d", names_of(scope)->number);
}

static void names_predicate(sqlite3_str *out, const void *scope) {
    sqlite3_str_appendall(out, predicate_text(scope, "predicate"));
}

/* A type's check, with the value in the place of $. */
static void write_check(sqlite3_str *out, const void *scope, const char *check) {
    for (const char *at = check; *at; at++) {
        if (*at == '$') statement_write(out, "value", scope);
        else sqlite3_str_appendchar(out, 1, *at);
    }
}

static void names_check(sqlite3_str *out, const void *scope) {
    write_check(out, scope, scope_column(scope)->type.check);
}

static void names_quick_check(sqlite3_str *out, const void *scope) {
    write_check(out, scope, scope_column(scope)->type.quick);
}

static const sql_piece rule_pieces[] = {
    {"min", names_min, true},
    {"max", names_max, true},
    {"member", names_member, false},
    {"member_number", names_member, true},
    {"number", names_number, true},
    {"predicate", names_predicate, false},
    {"check", names_check, false},
    {"quick_check", names_quick_check, false},
    {NULL, NULL, false},
};

/* --- conditions ----------------------------------------------------------------------------------------- */

static bool is_of_type(const statement_scope *s, const char *name) {
    return strcmp(scope_column(s)->type.name, name) == 0;
}

static bool is_quick(const statement_scope *s) {
    return scope_column(s)->type.quick != NULL;
}

static bool is_bounded(const statement_scope *s) {
    return is_of_type(s, "numerical") && is_quick(s) && scope_field(s, "min") && scope_field(s, "max");
}

static bool is_listed_text(const statement_scope *s) {
    return is_of_type(s, "categorical") && is_quick(s) && scope_field(s, "allowed");
}

/* The form of a time by which rows are looked up says more than its type. */
static bool is_told_by_form(const statement_scope *s) {
    bool is_own = s->column == s->definition->timestamp || s->column == s->definition->available;
    return is_own && is_of_type(s, "timestamp") && is_quick(s);
}

/* What stands in a trigger has to do without the extension. */
static bool is_in_trigger(const statement_scope *s) {
    return strcmp(s->row, "new.") == 0;
}

STATEMENT_CONDITION(names_null_is_asked, scope_column(s)->not_null && (is_listed_text(s) || !is_quick(s)))
STATEMENT_CONDITION(names_bounded_required, is_bounded(s) && scope_column(s)->not_null)
STATEMENT_CONDITION(names_bounded, is_bounded(s) && !scope_column(s)->not_null)
STATEMENT_CONDITION(names_typed, !is_bounded(s) && !is_listed_text(s) && !is_told_by_form(s))
STATEMENT_CONDITION(names_may_be_null, !scope_column(s)->not_null)
STATEMENT_CONDITION(names_quick, is_quick(s))
STATEMENT_CONDITION(names_slow, !is_quick(s))
STATEMENT_CONDITION(names_minimum, scope_field(s, "min") != NULL)
STATEMENT_CONDITION(names_maximum, scope_field(s, "max") != NULL)
STATEMENT_CONDITION(names_listed, scope_field(s, "allowed") != NULL)
STATEMENT_CONDITION(names_listed_text, is_listed_text(s))
STATEMENT_CONDITION(names_patterned, scope_field(s, "pattern") != NULL)
STATEMENT_CONDITION(names_in_trigger, is_in_trigger(s))
STATEMENT_CONDITION(names_in_query, !is_in_trigger(s))
STATEMENT_CONDITION(names_rule_not_null, s->rule == RULE_NOT_NULL)
STATEMENT_CONDITION(names_rule_type, s->rule == RULE_TYPE)
STATEMENT_CONDITION(names_rule_min, s->rule == RULE_MIN)
STATEMENT_CONDITION(names_rule_max, s->rule == RULE_MAX)
STATEMENT_CONDITION(names_rule_allowed, s->rule == RULE_ALLOWED)
STATEMENT_CONDITION(names_rule_pattern, s->rule == RULE_PATTERN)
STATEMENT_CONDITION(names_rule_predicate, s->rule == RULE_PREDICATE)
STATEMENT_CONDITION(names_rule_unique, s->rule == RULE_UNIQUE)
STATEMENT_CONDITION(names_rule_twice, s->rule == RULE_TWICE)
STATEMENT_CONDITION(names_of_row_alone, s->rule <= RULE_PREDICATE)
STATEMENT_CONDITION(names_of_column, s->column >= 0)
STATEMENT_CONDITION(names_of_row, s->column < 0)
STATEMENT_CONDITION(names_text_member, cJSON_IsString(s->member))
STATEMENT_CONDITION(names_number_member, !cJSON_IsString(s->member))

static const sql_list rule_lists[] = {
    {"rules", names_rules},
    {"every_rule", names_every_rule},
    {"numbered_rules", names_numbered_rules},
    {"predicates", names_predicates},
    {"allowed", names_allowed},
    {"null_is_asked", names_null_is_asked},
    {"bounded_required", names_bounded_required},
    {"bounded", names_bounded},
    {"typed", names_typed},
    {"may_be_null", names_may_be_null},
    {"quick", names_quick},
    {"slow", names_slow},
    {"minimum", names_minimum},
    {"maximum", names_maximum},
    {"listed", names_listed},
    {"listed_text", names_listed_text},
    {"patterned", names_patterned},
    {"in_trigger", names_in_trigger},
    {"in_query", names_in_query},
    {"rule_not_null", names_rule_not_null},
    {"rule_type", names_rule_type},
    {"rule_min", names_rule_min},
    {"rule_max", names_rule_max},
    {"rule_allowed", names_rule_allowed},
    {"rule_pattern", names_rule_pattern},
    {"rule_predicate", names_rule_predicate},
    {"rule_unique", names_rule_unique},
    {"rule_twice", names_rule_twice},
    {"of_row_alone", names_of_row_alone},
    {"of_column", names_of_column},
    {"of_row", names_of_row},
    {"text_member", names_text_member},
    {"number_member", names_number_member},
    {NULL, NULL},
};

const sql_vocabulary statement_rule_names = {
    .more = &statement_batch_names, .texts = rule_texts, .pieces = rule_pieces, .lists = rule_lists};
