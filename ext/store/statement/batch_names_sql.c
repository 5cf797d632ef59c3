/* What templates call the source of a batch, and the rows of a trial. */
#include <string.h>
#include "store/statement/statement_names_sql.h"

static const statement_scope *batch_of(const void *scope) {
    return scope;
}

static const char *names_source(const void *scope) {
    return batch_of(scope)->source->table;
}

static const char *names_known_at(const void *scope) {
    return batch_of(scope)->known_at;
}

static const char *names_arrivals(const void *scope) {
    return batch_of(scope)->arrivals;
}

static const sql_text batch_texts[] = {
    {"source", names_source}, {"known_at", names_known_at}, {"arrivals", names_arrivals}, {NULL, NULL}};

static void names_query(sqlite3_str *out, const void *scope) {
    sqlite3_str_appendall(out, batch_of(scope)->source->query);
}

static void names_reject_limit(sqlite3_str *out, const void *scope) {
    sqlite3_str_appendf(out, "%!.15g", batch_of(scope)->reject_limit);
}

static void names_reject_percent(sqlite3_str *out, const void *scope) {
    sqlite3_str_appendf(out, "%!.15g", 100 * batch_of(scope)->reject_limit);
}

static void names_trial_number(sqlite3_str *out, const void *scope) {
    sqlite3_str_appendf(out, "%d", batch_of(scope)->trial);
}

/* A value that the column's own rules allow, as far as that can be told from the definition; or NULL. */
static const cJSON *trial_value(const statement_scope *scope) {
    static const char *const fields[] = {"allowed", "default", "min", "max"};
    const cJSON *value = NULL;
    for (int i = 0; i < 4 && !value; i++) {
        value = scope_field(scope, fields[i]);
        if (i == 0 && value) value = value->child;
    }
    return value;
}

static void names_trial_value(sqlite3_str *out, const void *scope) {
    write_literal(out, trial_value(scope));
}

static const sql_piece batch_pieces[] = {
    {"query", names_query, false},
    {"reject_limit", names_reject_limit, true},
    {"reject_percent", names_reject_percent, true},
    {"trial_number", names_trial_number, true},
    {"trial_value", names_trial_value, false},
    {NULL, NULL, false},
};

static bool has_column(const statement_scope *s) {
    return s->source->has_column[s->column];
}

STATEMENT_CONDITION(names_from_table, s->source->table != NULL)
STATEMENT_CONDITION(names_from_query, s->source->table == NULL)
STATEMENT_CONDITION(names_in_source, has_column(s))
STATEMENT_CONDITION(names_not_in_source, !has_column(s))
STATEMENT_CONDITION(names_has_usual, !scope_field(s, "default") && s->column == s->definition->available)
STATEMENT_CONDITION(names_has_nothing, !scope_field(s, "default") && s->column != s->definition->available)
STATEMENT_CONDITION(names_known_at_now, !s->known_at)
STATEMENT_CONDITION(names_known_at_told, s->known_at != NULL)
STATEMENT_CONDITION(names_arrivals_told, s->arrivals != NULL)
STATEMENT_CONDITION(names_arrivals_by_file, !s->arrivals)
STATEMENT_CONDITION(names_table_is_there, s->has_table)

/* --- a trial -------------------------------------------------------------------------------------------- */

typedef enum trial_kind {
    TRIAL_LITERAL,
    TRIAL_TIME,
    TRIAL_FLAG,
    TRIAL_TEXT,
    TRIAL_BLOB,
    TRIAL_COUNT
} trial_kind;

static trial_kind trial_kind_of(const statement_scope *s) {
    const feature_type *type = &scope_column(s)->type;
    if (trial_value(s)) return TRIAL_LITERAL;
    if (strcmp(type->name, "timestamp") == 0) return TRIAL_TIME;
    if (strcmp(type->name, "boolean") == 0) return TRIAL_FLAG;
    return strcmp(type->storage, "TEXT") == 0   ? TRIAL_TEXT
           : strcmp(type->storage, "BLOB") == 0 ? TRIAL_BLOB
                                                : TRIAL_COUNT;
}

STATEMENT_CONDITION(names_trial_literal, trial_kind_of(s) == TRIAL_LITERAL)
STATEMENT_CONDITION(names_trial_time, trial_kind_of(s) == TRIAL_TIME)
STATEMENT_CONDITION(names_trial_flag, trial_kind_of(s) == TRIAL_FLAG)
STATEMENT_CONDITION(names_trial_text, trial_kind_of(s) == TRIAL_TEXT)
STATEMENT_CONDITION(names_trial_blob, trial_kind_of(s) == TRIAL_BLOB)
STATEMENT_CONDITION(names_trial_count, trial_kind_of(s) == TRIAL_COUNT)

static bool names_trial_row(void *opaque, int nth, int number) {
    statement_scope *scope = opaque;
    scope->trial = number;
    return nth == 0;
}

static bool names_row_two(void *scope, int nth) {
    return names_trial_row(scope, nth, 2);
}

static bool names_row_three(void *scope, int nth) {
    return names_trial_row(scope, nth, 3);
}

static bool names_row_four(void *scope, int nth) {
    return names_trial_row(scope, nth, 4);
}

static bool names_row_five(void *scope, int nth) {
    return names_trial_row(scope, nth, 5);
}

static const sql_list batch_lists[] = {
    {"from_table", names_from_table},
    {"from_query", names_from_query},
    {"in_source", names_in_source},
    {"not_in_source", names_not_in_source},
    {"has_usual", names_has_usual},
    {"has_nothing", names_has_nothing},
    {"known_at_now", names_known_at_now},
    {"known_at_told", names_known_at_told},
    {"arrivals_told", names_arrivals_told},
    {"arrivals_by_file", names_arrivals_by_file},
    {"table_is_there", names_table_is_there},
    {"trial_literal", names_trial_literal},
    {"trial_time", names_trial_time},
    {"trial_flag", names_trial_flag},
    {"trial_text", names_trial_text},
    {"trial_blob", names_trial_blob},
    {"trial_count", names_trial_count},
    {"row_two", names_row_two},
    {"row_three", names_row_three},
    {"row_four", names_row_four},
    {"row_five", names_row_five},
    {NULL, NULL},
};

const sql_vocabulary statement_batch_names = {
    .more = &statement_time_names, .texts = batch_texts, .pieces = batch_pieces, .lists = batch_lists};
