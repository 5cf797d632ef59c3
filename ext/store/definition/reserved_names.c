#include "store/definition/reserved_names.h"

#include <stdio.h>
#include <string.h>
#include "store/definition/definition_fields.h"

typedef enum reservation { NAME_BEGINS, NAME_ENDS, NAME_IS, COLUMN_IS } reservation;

/* clang-format off */
static const struct {
    reservation kind;
    const char *name;
    const char *reason;
} reserved[] = {
    {NAME_BEGINS, "sqlite_", "SQLite's own tables"},
    {NAME_BEGINS, "pragma_", "SQLite's own functions"},
    {NAME_BEGINS, "bronze_", "what arrived"},
    {NAME_BEGINS, "silver_", "what was cleaned"},
    {NAME_BEGINS, "gold_", "what people read"},
    {NAME_BEGINS, "feature_", "the registry"},
    {NAME_BEGINS, "features_", "the registry"},
    {NAME_BEGINS, "registry_", "the registry"},
    {NAME_BEGINS, "ops_", "what runs the stages"},
    {NAME_BEGINS, "ml_", "models"},
    {NAME_BEGINS, "mon_", "what watches over features and models"},
    {NAME_IS, "features", "the registry"},
    {NAME_IS, "athlete_utc_offsets", "where athletes were"},
    {NAME_IS, "old", "the row of a trigger"},
    {NAME_IS, "new", "the row of a trigger"},
    {NAME_IS, "excluded", "the row of a conflict"},
    {NAME_IS, "r", "a part of a validation"}, {NAME_IS, "s", "a part of a validation"}, {NAME_IS, "valid", "a part of a validation"},
    /* tables that a stage keeps for itself while it runs, and which come before others of their name */
    {NAME_IS, "stage_clock", "the stages"}, {NAME_IS, "arrived", "the stages"}, {NAME_IS, "judged", "the stages"},
    {NAME_IS, "computed", "the stages"}, {NAME_IS, "counted", "the stages"}, {NAME_IS, "input", "the stages"},
    {NAME_IS, "asked", "the stages"}, {NAME_IS, "accepted", "the stages"},
    {NAME_IS, "changed", "the stages"}, {NAME_IS, "fresh", "the stages"}, {NAME_IS, "outdated", "the stages"},
    {NAME_IS, "made_rows", "the making of training sets"},
    /* what definition_ddl_sql.c appends to the name of a table */
    {NAME_ENDS, "_history", "what a group keeps beside its table"},
    {NAME_ENDS, "_earlier", "what a group keeps beside its table"},
    {NAME_ENDS, "_earlier_keep", "what a group keeps beside its table"},
    {NAME_ENDS, "_versions", "what a group keeps beside its table"},
    {NAME_ENDS, "_ingest", "what a group keeps beside its table"},
    {NAME_ENDS, "_asof", "what a group keeps beside its table"},
    {NAME_ENDS, "_history_row", "what a group keeps beside its table"},
    {NAME_ENDS, "_unique", "what a group keeps beside its table"},
    {NAME_ENDS, "_once", "what a group keeps beside its table"},
    {NAME_ENDS, "_in_form", "what a group keeps beside its table"},
    {NAME_ENDS, "_moved", "what a group keeps beside its table"},
    {NAME_ENDS, "_replaced", "what a group keeps beside its table"},
    {NAME_ENDS, "_deleted", "what a group keeps beside its table"},
    {NAME_ENDS, "_ingest_new", "what a group keeps beside its table"},
    {NAME_ENDS, "_ingest_row", "what a group keeps beside its table"},
    {NAME_ENDS, "_ingest_reject", "what a group keeps beside its table"},
    {NAME_ENDS, "_current", "the views of what is believed now"},
    {NAME_ENDS, "_changes", "the feeds of changes"},
    {COLUMN_IS, "rowid", "SQLite's number of a row"},
    {COLUMN_IS, "oid", "SQLite's number of a row"},
    {COLUMN_IS, "publication_id", "a column of what earlier versions keep"},
    {COLUMN_IS, "superseded_at", "a column of every history"},
    {COLUMN_IS, "superseded_by", "a column of every history"},
    {COLUMN_IS, "as_of", "the lookup's moment"},
    {COLUMN_IS, "row_timestamp", "a column of every lookup"},
    {COLUMN_IS, "row_available", "a column of every lookup"},
    {COLUMN_IS, "row_superseded", "a column of every lookup"},
    {COLUMN_IS, "row_age_days", "a column of every lookup"},
    {COLUMN_IS, "row_id", "a column of every lookup"},
    {COLUMN_IS, "row_found_by", "a column of every lookup"},
    {COLUMN_IS, "row_sources", "a column of every training set"},
};
/* clang-format on */

static bool begins(const char *name, const char *start) {
    while (*start && name_lower(*name) == name_lower(*start)) name++, start++;
    return !*start;
}

static bool ends(const char *name, const char *end) {
    size_t length = strlen(name), part = strlen(end);
    return length >= part && name_is_same(name + length - part, end);
}

/* <g>_v2 is the table of version 2 of <g>. */
static bool ends_with_version(const char *name) {
    const char *digits = name + strlen(name);
    while (digits > name && digits[-1] >= '0' && digits[-1] <= '9') digits--;
    return *digits && digits - name > 2 && name_lower(digits[-1]) == 'v' && digits[-2] == '_';
}

static bool is_reserved(size_t i, const char *name) {
    switch (reserved[i].kind) {
    case NAME_BEGINS: return begins(name, reserved[i].name);
    case NAME_ENDS: return ends(name, reserved[i].name);
    default: return name_is_same(name, reserved[i].name);
    }
}

static athlete_status check_name(const char *place, const char *name, athlete_fault *fault) {
    static const char *const how[] = {"begins with", "ends with", "is"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (reserved[i].kind != COLUMN_IS && is_reserved(i, name))
            return fault_refuse(fault, "%s: %s %s %s, which is for %s", place, name, how[reserved[i].kind],
                                reserved[i].name, reserved[i].reason);
    return ATHLETE_OK;
}

static athlete_status check_column(const definition_column *column, athlete_fault *fault) {
    int position = 0;
    for (const cJSON *each = column->feature; each && each->prev->next; each = each->prev) position++;
    char place[40] = "the columns";
    if (column->feature) snprintf(place, sizeof place, "features[%d].name", position);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (reserved[i].kind == COLUMN_IS && is_reserved(i, column->name))
            return fault_refuse(fault, "%s: %s is %s", place, column->name, reserved[i].reason);
    return ATHLETE_OK;
}

athlete_status reserved_names_check(const feature_definition *definition, const feature_definition *before,
                                    athlete_fault *fault) {
    bool is_new = !before || strcmp(before->name, definition->name) != 0;
    athlete_status status = is_new ? check_name("feature_group", definition->name, fault) : ATHLETE_OK;
    if (status == ATHLETE_OK && is_new && ends_with_version(definition->name))
        status = fault_refuse(fault, "feature_group: %s ends as the table of another group's version does",
                              definition->name);
    if (status == ATHLETE_OK && (!before || !name_is_same(before->table, definition->table)))
        status = check_name("table", definition->table, fault);
    for (int i = 0; i < definition->n_columns && status == ATHLETE_OK; i++)
        if (!before || definition_column_named(before, definition->columns[i].name) < 0)
            status = check_column(&definition->columns[i], fault);
    return status;
}
