/* feature_group_trial: a definition is tried before it is registered. */
#ifndef ATHLETE_STORE_INGEST_DEFINITION_TRIAL_SQL_H
#define ATHLETE_STORE_INGEST_DEFINITION_TRIAL_SQL_H

#include "base/judge/private_db.h"
#include "store/definition/definition.h"

/* Makes the group's tables on `own`, from those of `before` (may be NULL) with a row in them, and brings one row in, by batch
** and alone, corrects it, looks it up and deletes it. ATHLETE_INVALID says what went wrong. */
athlete_status definition_try(private_db *own, const feature_definition *definition,
                              const feature_definition *before, athlete_fault *fault);

/* ATHLETE_INVALID with a sentence if what `own` has after the trial is in the way of something that `db` has: a table, view,
** index or trigger of someone else's, another group's names, a table function. */
athlete_status definition_find_room(private_db *own, sqlite3 *db, const feature_definition *definition,
                                    athlete_fault *fault);

#endif
