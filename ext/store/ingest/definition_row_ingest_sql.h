/* The view that takes single rows into a feature group. */
#ifndef ATHLETE_STORE_INGEST_DEFINITION_ROW_INGEST_SQL_H
#define ATHLETE_STORE_INGEST_DEFINITION_ROW_INGEST_SQL_H

#include "base/sqlite.h"
#include "store/definition/definition.h"

/* <g>_ingest and its triggers. */
void write_ingest_view(sqlite3_str *out, const feature_definition *definition, bool replaces);

#endif
