/* What templates call a feature group, its columns, and the times of its rows. */
#include <math.h>
#include <string.h>
#include "base/numbers/decimal.h"
#include "store/statement/statement_names_sql.h"

void write_literal(sqlite3_str *out, const cJSON *value) {
    char text[ATHLETE_DECIMAL_SIZE];
    if (cJSON_IsString(value)) sqlite3_str_appendf(out, "%Q", value->valuestring);
    else if (cJSON_IsBool(value)) sqlite3_str_appendall(out, cJSON_IsTrue(value) ? "1" : "0");
    else if (fabs(value->valuedouble) < 1e15 && value->valuedouble == floor(value->valuedouble))
        sqlite3_str_appendf(out, "%lld", (sqlite3_int64)value->valuedouble);
    else sqlite3_str_append(out, text, decimal_write_short(value->valuedouble, text));
}

const definition_column *scope_column(const statement_scope *scope) {
    return &scope->definition->columns[scope->column];
}

const cJSON *scope_field(const statement_scope *scope, const char *name) {
    if (scope->column < 0) return NULL;
    const cJSON *feature = scope_column(scope)->feature;
    return feature ? cJSON_GetObjectItemCaseSensitive(feature, name) : NULL;
}

static const char *said(const void *scope, const char *name) {
    const char *text = definition_text(scope_column(scope), name);
    return text ? text : "";
}

/* --- texts ---------------------------------------------------------------------------------------------- */

static const feature_definition *definition_of(const void *scope) {
    return ((const statement_scope *)scope)->definition;
}

static const char *group_name(const void *scope) {
    return definition_of(scope)->name;
}

static const char *group_description(const void *scope) {
    return cJSON_GetObjectItemCaseSensitive(definition_of(scope)->tree, "description")->valuestring;
}

static const char *table_name(const void *scope) {
    return definition_of(scope)->table;
}

static const char *timestamp_name(const void *scope) {
    return definition_of(scope)->columns[definition_of(scope)->timestamp].name;
}

static const char *available_name(const void *scope) {
    return definition_of(scope)->columns[definition_of(scope)->available].name;
}

static const char *names_column(const void *scope) {
    return scope_column(scope)->name;
}

static const char *names_type(const void *scope) {
    return scope_column(scope)->type.name;
}

static const char *names_unit(const void *scope) {
    return said(scope, "unit");
}

static const char *names_description(const void *scope) {
    return said(scope, "description");
}

static const sql_text group_texts[] = {
    {"group", group_name},
    {"group_description", group_description},
    {"table", table_name},
    {"timestamp", timestamp_name},
    {"available", available_name},
    {"column", names_column},
    {"type", names_type},
    {"unit", names_unit},
    {"description", names_description},
    {NULL, NULL},
};

/* --- pieces --------------------------------------------------------------------------------------------- */

static void names_version(sqlite3_str *out, const void *scope) {
    const int *version = definition_of(scope)->version;
    sqlite3_str_appendf(out, "%d.%d.%d", version[0], version[1], version[2]);
}

static void names_row(sqlite3_str *out, const void *scope) {
    sqlite3_str_appendall(out, ((const statement_scope *)scope)->row);
}

static void names_storage(sqlite3_str *out, const void *scope) {
    sqlite3_str_appendall(out, scope_column(scope)->type.storage);
}

static void names_available_storage(sqlite3_str *out, const void *scope) {
    sqlite3_str_appendall(out, definition_of(scope)->columns[definition_of(scope)->available].type.storage);
}

static void names_default(sqlite3_str *out, const void *scope) {
    write_literal(out, scope_field(scope, "default"));
}

static void names_delay(sqlite3_str *out, const void *scope) {
    sqlite3_str_appendf(out, "%!.15g", definition_of(scope)->delay_s);
}

static void names_whole_delay(sqlite3_str *out, const void *scope) {
    sqlite3_str_appendf(out, "%lld", (sqlite3_int64)definition_of(scope)->delay_s);
}

static const sql_piece group_pieces[] = {
    {"version", names_version, true},           {"row", names_row, false},
    {"storage", names_storage, false},          {"available_storage", names_available_storage, false},
    {"default", names_default, false},          {"delay_s", names_delay, true},
    {"whole_delay_s", names_whole_delay, true}, {NULL, NULL, false},
};

/* --- lists of columns ----------------------------------------------------------------------------------- */

/* To the next column that `fits`. */
static bool next_column(statement_scope *scope, int nth, bool (*fits)(const statement_scope *)) {
    if (nth == 0) scope->column = -1;
    while (++scope->column < scope->definition->n_columns)
        if (!fits || fits(scope)) return true;
    return false;
}

static bool names_columns(void *scope, int nth) {
    return next_column(scope, nth, NULL);
}

static bool is_unique(const statement_scope *scope) {
    return scope_column(scope)->is_unique;
}

static bool names_unique(void *scope, int nth) {
    return next_column(scope, nth, is_unique);
}

/* What a source tells of a row, beside when it became known. */
static bool is_told(const statement_scope *scope) {
    return scope->column != scope->definition->available;
}

static bool names_told(void *scope, int nth) {
    return next_column(scope, nth, is_told);
}

static bool is_beside_row_key(const statement_scope *scope) {
    return !definition_is_in_row_key(scope->definition, scope->column);
}

static bool names_beside_row_key(void *scope, int nth) {
    return next_column(scope, nth, is_beside_row_key);
}

static bool is_corrected(const statement_scope *scope) {
    return is_told(scope) && is_beside_row_key(scope);
}

static bool names_corrected(void *scope, int nth) {
    return next_column(scope, nth, is_corrected);
}

static bool is_new(const statement_scope *scope) {
    return definition_column_named(scope->before, scope_column(scope)->name) < 0;
}

static bool names_new(void *scope, int nth) {
    return next_column(scope, nth, is_new);
}

static bool is_no_longer_unique(const statement_scope *scope) {
    int old = definition_column_named(scope->before, scope_column(scope)->name);
    return old >= 0 && scope->before->columns[old].is_unique && !scope_column(scope)->is_unique;
}

static bool names_no_longer_unique(void *scope, int nth) {
    return next_column(scope, nth, is_no_longer_unique);
}

static bool names_keys(void *opaque, int nth) {
    statement_scope *scope = opaque;
    if (nth < scope->definition->n_keys) scope->column = scope->definition->keys[nth];
    return nth < scope->definition->n_keys;
}

static bool names_row_key(void *opaque, int nth) {
    statement_scope *scope = opaque;
    if (nth < scope->definition->n_row_key) scope->column = scope->definition->row_key[nth];
    return nth < scope->definition->n_row_key;
}

static bool names_available_column(void *opaque, int nth) {
    statement_scope *scope = opaque;
    scope->column = scope->definition->available;
    return nth == 0;
}

/* --- where a row is ------------------------------------------------------------------------------------- */

static bool in_row(void *opaque, int nth, const char *row, bool fills_in) {
    statement_scope *scope = opaque;
    scope->row = row;
    scope->fills_in = fills_in;
    return nth == 0;
}

static bool names_new_row(void *scope, int nth) {
    return in_row(scope, nth, "new.", true);
}

/* What a trigger of the table itself sees has been filled in. */
static bool names_stored_row(void *scope, int nth) {
    return in_row(scope, nth, "new.", false);
}

static bool names_source_row(void *scope, int nth) {
    return in_row(scope, nth, "r.", true);
}

static bool names_batch_row(void *scope, int nth) {
    return in_row(scope, nth, "s.", false);
}

static bool names_left_row(void *scope, int nth) {
    return in_row(scope, nth, "l.", false);
}

/* --- conditions ----------------------------------------------------------------------------------------- */

static bool are_text_times(const statement_scope *s) {
    return strcmp(s->definition->columns[s->definition->timestamp].type.storage, "TEXT") == 0;
}

static bool is_filled_in(const statement_scope *s) {
    return s->fills_in && (scope_field(s, "default") || s->column == s->definition->available);
}

static bool is_flag(const statement_scope *s) {
    return strcmp(scope_column(s)->type.name, "boolean") == 0;
}

static bool is_available_text(const statement_scope *s) {
    return strcmp(s->definition->columns[s->definition->available].type.storage, "TEXT") == 0;
}

STATEMENT_CONDITION(names_explained, *said(s, "unit") || *said(s, "description"))
STATEMENT_CONDITION(names_unexplained, !*said(s, "unit") && !*said(s, "description"))
STATEMENT_CONDITION(names_unit_and_description, *said(s, "unit") && *said(s, "description"))
STATEMENT_CONDITION(names_required, scope_column(s)->not_null)
STATEMENT_CONDITION(names_has_default, scope_field(s, "default") != NULL)
STATEMENT_CONDITION(names_check_cases, cJSON_GetArraySize(scope_field(s, "allowed")) > 2)
STATEMENT_CONDITION(names_check_list,
                    scope_field(s, "allowed") && cJSON_GetArraySize(scope_field(s, "allowed")) <= 2)
STATEMENT_CONDITION(names_check_flag, is_flag(s) && !scope_field(s, "allowed"))
STATEMENT_CONDITION(names_needs_indexes, !s->definition->row_key_is_lookup_key)
STATEMENT_CONDITION(names_computed, s->definition->is_computed)
STATEMENT_CONDITION(names_was_computed, s->before && s->before->is_computed)
STATEMENT_CONDITION(names_takes_rows, !s->definition->is_computed)
STATEMENT_CONDITION(names_replaces, s->replaces)
STATEMENT_CONDITION(names_is_told, is_told(s))
STATEMENT_CONDITION(names_is_available, !is_told(s))
STATEMENT_CONDITION(names_text_available, is_available_text(s))
STATEMENT_CONDITION(names_number_available, !is_available_text(s))
STATEMENT_CONDITION(names_text_times, are_text_times(s))
STATEMENT_CONDITION(names_number_times, !are_text_times(s))
STATEMENT_CONDITION(names_at_once, s->definition->delay_s <= 0)
STATEMENT_CONDITION(names_delayed_text, s->definition->delay_s > 0 && are_text_times(s))
STATEMENT_CONDITION(names_delayed_number, s->definition->delay_s > 0 && !are_text_times(s))
STATEMENT_CONDITION(names_as_it_is, !is_filled_in(s))
STATEMENT_CONDITION(names_with_default, is_filled_in(s) && scope_field(s, "default"))
STATEMENT_CONDITION(names_with_usual, is_filled_in(s) && !scope_field(s, "default"))

static const sql_list group_lists[] = {
    {"columns", names_columns},
    {"keys", names_keys},
    {"row_key", names_row_key},
    {"unique", names_unique},
    {"told", names_told},
    {"beside_row_key", names_beside_row_key},
    {"corrected", names_corrected},
    {"new_columns", names_new},
    {"no_longer_unique", names_no_longer_unique},
    {"available_column", names_available_column},
    {"new", names_new_row},
    {"stored", names_stored_row},
    {"r", names_source_row},
    {"s", names_batch_row},
    {"l", names_left_row},
    {"explained", names_explained},
    {"unexplained", names_unexplained},
    {"unit_and_description", names_unit_and_description},
    {"required", names_required},
    {"has_default", names_has_default},
    {"check_cases", names_check_cases},
    {"check_list", names_check_list},
    {"check_flag", names_check_flag},
    {"needs_indexes", names_needs_indexes},
    {"computed", names_computed},
    {"was_computed", names_was_computed},
    {"takes_rows", names_takes_rows},
    {"replaces", names_replaces},
    {"is_told", names_is_told},
    {"is_available", names_is_available},
    {"text_available", names_text_available},
    {"number_available", names_number_available},
    {"text_times", names_text_times},
    {"number_times", names_number_times},
    {"at_once", names_at_once},
    {"delayed_text", names_delayed_text},
    {"delayed_number", names_delayed_number},
    {"as_it_is", names_as_it_is},
    {"with_default", names_with_default},
    {"with_usual", names_with_usual},
    {NULL, NULL},
};

const sql_vocabulary statement_group_names = {
    &statement_rule_names, store_templates, group_texts, group_pieces, group_lists, sizeof(statement_scope)};
