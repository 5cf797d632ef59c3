/* Whether the SQL of a definition may be run: its predicates, the checks of its types, its source with the transformations. */
#ifndef ATHLETE_STORE_DEFINITION_DEFINITION_JUDGE_SQL_H
#define ATHLETE_STORE_DEFINITION_DEFINITION_JUDGE_SQL_H

#include "base/sqlite.h"
#include "store/definition/definition.h"

/* Predicates and checks are expressions over a row (base/binding/judge.h). ATHLETE_INVALID fills `fault`. */
athlete_status definition_judge_rules(sqlite3 *db, const feature_definition *definition,
                                      athlete_fault *fault);

/* The SELECT of a definition that has a source: each feature with a transformation is computed from it, the others are its
** columns. The caller frees it; NULL when memory is short. */
char *definition_source_query(const feature_definition *definition);

/* That SELECT is a query as a table keeps it; one whose tables are not there yet may be registered, and is judged again when
** it is run. */
athlete_status definition_judge_source(sqlite3 *db, const feature_definition *definition, bool may_miss_table,
                                       athlete_fault *fault);

#endif
