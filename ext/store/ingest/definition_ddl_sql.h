/* The statements that make a feature group's tables. */
#ifndef ATHLETE_STORE_INGEST_DEFINITION_DDL_SQL_H
#define ATHLETE_STORE_INGEST_DEFINITION_DDL_SQL_H

#include "base/sqlite.h"
#include "store/definition/definition.h"

/* `before` (may be NULL) is the version whose tables are there: its missing columns are added, its view and triggers
** replaced. */
void write_group_ddl(sqlite3_str *out, const feature_definition *definition,
                     const feature_definition *before);

/* Those that write the times of rows that are there in the group's form; none where times are numbers. */
void write_times_rewritten(sqlite3_str *out, const feature_definition *definition);

#endif
