#include "store/ingest/definition_ddl_sql.h"

#include <string.h>
#include "store/statement/statement_sql.h"

void write_group_ddl(sqlite3_str *out, const feature_definition *definition,
                     const feature_definition *before) {
    bool grows = before && strcmp(before->table, definition->table) == 0;
    const statement_scope scope = {.definition = definition, .before = before, .replaces = grows};
    statement_write(out, grows ? "group_growth" : "group_tables", &scope);
    statement_write(out, "versions_view", &scope);
    statement_write(out, "history_triggers", &scope);
    statement_write(out, "once_trigger", &scope);
    statement_write(out, "moved_trigger", &scope);
    statement_write(out, "times_trigger", &scope);
    statement_write(out, "kept_times_triggers", &scope);
    if (!definition->is_computed) statement_write(out, "ingest_view", &scope);
}

void write_times_rewritten(sqlite3_str *out, const feature_definition *definition) {
    const statement_scope scope = {.definition = definition};
    bool is_text = strcmp(definition->columns[definition->timestamp].type.storage, "TEXT") == 0;
    if (is_text) statement_write(out, "times_rewritten", &scope);
}
