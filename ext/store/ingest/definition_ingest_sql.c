#include "store/ingest/definition_ingest_sql.h"

void write_batch_ingest(sqlite3_str *out, const feature_definition *definition, const batch_source *source,
                        const char *known_at, const char *arrivals, double reject_limit) {
    const statement_scope scope = {.definition = definition,
                                   .source = source,
                                   .known_at = known_at,
                                   .arrivals = arrivals,
                                   .reject_limit = reject_limit};
    statement_write(out, "batch_ingest", &scope);
}

void write_batch_validation(sqlite3_str *out, const feature_definition *definition,
                            const batch_source *source, bool has_table) {
    const statement_scope scope = {.definition = definition, .source = source, .has_table = has_table};
    statement_write(out, "batch_validation", &scope);
}
