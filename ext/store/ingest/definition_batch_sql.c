#include "store/ingest/definition_batch_sql.h"

#include "store/definition/definition_rules_sql.h"

void write_values(sqlite3_str *out, const feature_definition *definition, const batch_source *source) {
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

void write_batch_name(sqlite3_str *out, const batch_source *source) {
    if (source->table) sqlite3_str_appendf(out, "\"%w\"", source->table);
    else sqlite3_str_appendall(out, "temp.feature_source");
}

void write_batch_rows(sqlite3_str *out, const feature_definition *definition, const batch_source *source,
                      bool with_verdict) {
    const row_scope scope = {definition, "s.", false};
    if (with_verdict) {
        sqlite3_str_appendall(out, "(SELECT *, ");
        write_row_is_valid(out, &scope);
        sqlite3_str_appendall(out, " AS _is_valid FROM ");
    }
    sqlite3_str_appendall(out, "(SELECT r.rowid AS _seq, ");
    if (source->table) write_values(out, definition, source);
    else write_names(out, definition, "r.", NULL, 0);
    sqlite3_str_appendall(out, " FROM ");
    write_batch_name(out, source);
    sqlite3_str_appendall(out, with_verdict ? " AS r) AS s) AS s" : " AS r) AS s");
}

void write_row_key(sqlite3_str *out, const feature_definition *definition, const char *prefix) {
    sqlite3_str_appendall(out, "(");
    write_names(out, definition, prefix, definition->row_key, definition->n_row_key);
    sqlite3_str_appendall(out, ")");
}

void write_same_key(sqlite3_str *out, const feature_definition *definition, const char *a, const char *b) {
    write_row_key(out, definition, a);
    sqlite3_str_appendall(out, " = ");
    write_row_key(out, definition, b);
}

void write_unique_taken(sqlite3_str *out, const feature_definition *definition, int column,
                        const char *prefix) {
    const char *name = definition->columns[column].name;
    sqlite3_str_appendf(out, "EXISTS (SELECT 1 FROM \"%w\" AS o WHERE o.\"%w\" = %s\"%w\" AND ",
                        definition->table, name, prefix, name);
    write_row_key(out, definition, "o.");
    sqlite3_str_appendall(out, " IS NOT ");
    write_row_key(out, definition, prefix);
    sqlite3_str_appendall(out, ")");
}

void write_differs(sqlite3_str *out, const feature_definition *definition, const char *a, const char *b) {
    sqlite3_str_appendall(out, "(");
    write_names_but_available(out, definition, a);
    sqlite3_str_appendall(out, ") IS NOT (");
    write_names_but_available(out, definition, b);
    sqlite3_str_appendall(out, ")");
}
