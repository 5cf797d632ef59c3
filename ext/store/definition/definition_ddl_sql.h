/* The statements that make a feature group's tables. */
#ifndef ATHLETE_STORE_DEFINITION_DEFINITION_DDL_SQL_H
#define ATHLETE_STORE_DEFINITION_DEFINITION_DDL_SQL_H

#include "base/binding/sqlite.h"
#include "store/definition/definition.h"

/* `before` (may be NULL) is the version whose tables are there: its missing columns are added, its view and triggers
** replaced. */
void write_group_ddl(sqlite3_str *out, const feature_definition *definition,
                     const feature_definition *before);

/* The trigger that refuses an INSERT of a row that is there. An ingest, which asks before it inserts, goes without it. */
void write_once_trigger(sqlite3_str *out, const feature_definition *definition, bool replaces);

/* <g>_ingest and its triggers: definition_row_ingest_sql.c. */
void write_ingest_view(sqlite3_str *out, const feature_definition *definition, bool replaces);

/* CREATE of what is named <g><suffix>, "TRIGGER" or "VIEW", up to its name. */
void write_create(sqlite3_str *out, const feature_definition *definition, const char *what,
                  const char *suffix, bool replaces);

#endif
