/* What templates call the two times of a row by which it is looked up. As text they have one form, in UTC. */
#include <string.h>
#include "store/statement/statement_names_sql.h"

static bool are_texts(const statement_scope *s) {
    return strcmp(s->definition->columns[s->definition->timestamp].type.storage, "TEXT") == 0;
}

static bool is_own_time(const statement_scope *s) {
    return s->column == s->definition->timestamp || s->column == s->definition->available;
}

static bool is_own_time_text(const statement_scope *s) {
    return are_texts(s) && is_own_time(s);
}

/* What a source gives is still to be written in the group's form. */
static bool is_from_source(const statement_scope *s) {
    return is_own_time_text(s) && strcmp(s->row, "r.") == 0;
}

static bool is_in_query(const statement_scope *s) {
    return strcmp(s->row, "new.") != 0;
}

/* The key that tells the athlete, by whose own clock a day ends; or -1. */
static int athlete_key(const statement_scope *s) {
    const feature_definition *definition = s->definition;
    int column = definition_column_named(definition, "athlete_id");
    for (int i = 0; i < definition->n_keys; i++)
        if (definition->keys[i] == column) return column;
    return -1;
}

static void names_digits(sqlite3_str *out, const void *scope) {
    sqlite3_str_appendall(out, ((const statement_scope *)scope)->definition->is_millisecond ? "3" : "0");
}

static const char *names_athlete(const void *opaque) {
    const statement_scope *scope = opaque;
    return scope->definition->columns[athlete_key(scope)].name;
}

static const sql_text time_texts[] = {{"athlete_key", names_athlete}, {NULL, NULL}};
static const sql_piece time_pieces[] = {{"digits", names_digits, true}, {NULL, NULL, false}};

static bool names_timestamp_column(void *opaque, int nth) {
    statement_scope *scope = opaque;
    scope->column = scope->definition->timestamp;
    return nth == 0;
}

static bool names_in_haste(void *opaque, int nth) {
    ((statement_scope *)opaque)->in_haste = true;
    return nth == 0;
}

static bool is_looked_at(const statement_scope *s) {
    return s->in_haste && are_texts(s);
}

STATEMENT_CONDITION(names_was_looked_at, is_looked_at(s))
STATEMENT_CONDITION(names_not_looked_at, !is_looked_at(s) || !s->source->has_column[s->column])
STATEMENT_CONDITION(names_own_time, is_own_time_text(s))
STATEMENT_CONDITION(names_own_number, is_own_time(s) && !are_texts(s))
STATEMENT_CONDITION(names_other_column, !is_own_time_text(s))
STATEMENT_CONDITION(names_source_time, is_from_source(s))
STATEMENT_CONDITION(names_plain, !is_from_source(s))
static bool is_of_athlete(const statement_scope *s) {
    return athlete_key(s) >= 0 && (!s->source || s->source->has_offsets);
}

STATEMENT_CONDITION(names_of_athlete, is_of_athlete(s))
STATEMENT_CONDITION(names_of_others, !is_of_athlete(s))
STATEMENT_CONDITION(names_time_in_query, is_in_query(s))
STATEMENT_CONDITION(names_time_in_trigger, !is_in_query(s))
STATEMENT_CONDITION(names_whole_seconds, are_texts(s) && !s->definition->is_millisecond)
STATEMENT_CONDITION(names_milliseconds, are_texts(s) && s->definition->is_millisecond)

static const sql_list time_lists[] = {
    {"timestamp_column", names_timestamp_column},
    {"in_haste", names_in_haste},
    {"was_looked_at", names_was_looked_at},
    {"not_looked_at", names_not_looked_at},
    {"own_time", names_own_time},
    {"own_number", names_own_number},
    {"other_column", names_other_column},
    {"source_time", names_source_time},
    {"plain", names_plain},
    {"of_athlete", names_of_athlete},
    {"of_others", names_of_others},
    {"time_in_query", names_time_in_query},
    {"time_in_trigger", names_time_in_trigger},
    {"whole_seconds", names_whole_seconds},
    {"milliseconds", names_milliseconds},
    {NULL, NULL},
};

const sql_vocabulary statement_time_names = {.texts = time_texts, .pieces = time_pieces, .lists = time_lists};
