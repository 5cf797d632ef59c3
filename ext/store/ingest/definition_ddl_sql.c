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
    if (!definition->is_computed) statement_write(out, "ingest_view", &scope);
}
