/* The parts of the vocabulary of statements, and what they share. */
#ifndef ATHLETE_STORE_STATEMENT_STATEMENT_NAMES_SQL_H
#define ATHLETE_STORE_STATEMENT_STATEMENT_NAMES_SQL_H

#include "store/statement/statement_scope_sql.h"
#include "store/statement/store_templates_sql.h"

/* A group, its columns and their values: group_names_sql.c; a row's rules: rule_names_sql.c; a batch, a trial:
** batch_names_sql.c; the times of its rows: time_names_sql.c. */
extern const sql_vocabulary statement_group_names, statement_rule_names, statement_batch_names,
    statement_time_names;

/* What the definition says of the scope's column, or NULL. */
const cJSON *scope_field(const statement_scope *scope, const char *name);
const definition_column *scope_column(const statement_scope *scope);

/* A value as SQL has it. */
void write_literal(sqlite3_str *out, const cJSON *value);

/* A vocabulary's condition: a list of one member where it holds, of none where it does not. */
#define STATEMENT_CONDITION(name, condition)                                                                 \
    static bool name(void *opaque, int nth) {                                                                \
        const statement_scope *s = opaque;                                                                   \
        return nth == 0 && (condition);                                                                      \
    }

#endif
