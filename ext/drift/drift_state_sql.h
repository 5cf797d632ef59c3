/* The state of an aggregate f(value, is_reference, …). */
#ifndef ATHLETE_DRIFT_DRIFT_STATE_SQL_H
#define ATHLETE_DRIFT_DRIFT_STATE_SQL_H

#include "base/binding/function.h"
#include "drift/drift_rows_sql.h"

/* SQLite hands it over zeroed. */
typedef struct drift_state {
    athlete_budget budget;
    drift_rows rows;
    bool has_parameters;
    double parameters[2];
} drift_state;

/* Takes the row, if it is known whether it belongs to the reference, with what its parameters stand for, which are the same for
** all rows; else the call has failed. */
void drift_state_step(sqlite3_context *context, sqlite3_value **argv, double first, double second);

/* What the rows say, once they are sorted. */
typedef athlete_status drift_statistic(drift_state *state, athlete_poll *poll, double *out);
void drift_state_final(sqlite3_context *context, drift_statistic *of);

#endif
