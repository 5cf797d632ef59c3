/* exact_sum and exact_avg, as aggregates and over moving frames. */
#ifndef ATHLETE_BASE_FUNCTIONS_EXACT_SUM_SQL_H
#define ATHLETE_BASE_FUNCTIONS_EXACT_SUM_SQL_H

#include "base/sqlite.h"

void exact_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void exact_inverse(sqlite3_context *context, int argc, sqlite3_value **argv);
void exact_sum_result(sqlite3_context *context);
void exact_avg_result(sqlite3_context *context);

#endif
