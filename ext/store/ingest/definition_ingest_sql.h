/* The statements that bring a batch of rows into a feature group, and the query that shows what they would do. */
#ifndef ATHLETE_STORE_INGEST_DEFINITION_INGEST_SQL_H
#define ATHLETE_STORE_INGEST_DEFINITION_INGEST_SQL_H

#include "store/statement/statement_sql.h"

/* A transaction: rules in one pass over the source while the rows go in; only when some did not, a second look at
** those. `known_at` (may be NULL: now) is the moment from which rows that replace others are believed;
** `arrivals`, "history" or "live" (NULL: as the file says), when new rows count as known that do not say it. */
void write_batch_ingest(sqlite3_str *out, const feature_definition *definition, const batch_source *source,
                        const char *known_at, const char *arrivals, double reject_limit);

/* One SELECT: seq, verdict ('new', 'change', 'same' or 'reject'), feature, rule, value, reason, row. Without the group's
** table every row is new. */
void write_batch_validation(sqlite3_str *out, const feature_definition *definition,
                            const batch_source *source, bool has_table);

#endif
