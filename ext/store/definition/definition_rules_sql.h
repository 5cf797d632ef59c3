/* The SQL that a definition's parts become: columns, literals, and the rules that a row must keep. */
#ifndef ATHLETE_STORE_DEFINITION_DEFINITION_RULES_SQL_H
#define ATHLETE_STORE_DEFINITION_DEFINITION_RULES_SQL_H

#include "base/sqlite.h"
#include "store/definition/definition.h"

typedef enum rule_kind {
    RULE_NOT_NULL,
    RULE_TYPE,
    RULE_MIN,
    RULE_MAX,
    RULE_ALLOWED,
    RULE_PATTERN,
    RULE_PREDICATE /* of several columns */
} rule_kind;

typedef struct row_rule {
    rule_kind kind;
    int column;         /* -1: of several columns */
    const cJSON *value; /* the limit, the list, the pattern; for a predicate the rule's object */
} row_rule;

/* The rules of a definition one after the other: start with a zeroed walk; false at the end. UNIQUE is none of them: it
** needs other rows, and an index keeps it. */
typedef struct rule_walk {
    int column, kind;
    const cJSON *predicate;
    bool in_predicates;
} rule_walk;
bool rule_next(const feature_definition *definition, rule_walk *walk, row_rule *rule);

/* Where a row's values are: "new." in a trigger, "s." in a query. */
typedef struct row_scope {
    const feature_definition *definition;
    const char *prefix;
    bool fills_in; /* NULL stands for the default, and for available_at for the timestamp and the delay */
} row_scope;

void write_literal(sqlite3_str *out, const cJSON *value);
void write_column(sqlite3_str *out, const row_scope *scope, int column);
/* When a row can be known that does not say it: the delay after its timestamp. */
void write_usual_available(sqlite3_str *out, const row_scope *scope);

/* "a", "b": quoted names, each after `prefix`; only = NULL for all columns, else those listed. */
void write_names(sqlite3_str *out, const feature_definition *definition, const char *prefix, const int *only,
                 int n);
/* All columns but the one in which a row became known. */
void write_names_but_available(sqlite3_str *out, const feature_definition *definition, const char *prefix);

/* 1 if the row keeps every rule, else 0. */
void write_row_is_valid(sqlite3_str *out, const row_scope *scope);
/* Its inside, between CASE and ELSE 1 END: WHEN broken THEN 0 … */
void write_validity_tests(sqlite3_str *out, const row_scope *scope);
/* One that is 1 if it keeps this rule. */
void write_rule_holds(sqlite3_str *out, const row_scope *scope, const row_rule *rule);
const char *rule_name(const row_rule *rule);
/* SQL text literal: what is wrong with a row that breaks the rule. */
void write_rule_reason(sqlite3_str *out, const feature_definition *definition, const row_rule *rule);

/* Expressions: a value that JSON can hold, a blob as its hexadecimal digits; the row as a JSON object of them. */
void write_json_value(sqlite3_str *out, const row_scope *scope, int column);
void write_row_json(sqlite3_str *out, const row_scope *scope);

/* "feature time"(value): 1 for a timestamp in one of the usual forms, else NULL, and SQLite has to look. For statements that
** run where the extension is; registered with the store's functions, callable by nobody else. */
void feature_time(sqlite3_context *context, int argc, sqlite3_value **argv);

/* An expression: this moment, in the form of the group's times. */
void write_now(sqlite3_str *out, const feature_definition *definition);

/* CREATE of what is named <g><suffix>, "TRIGGER" or "VIEW", up to its name. */
void write_create(sqlite3_str *out, const feature_definition *definition, const char *what,
                  const char *suffix, bool replaces);

#endif
