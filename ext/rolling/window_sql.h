/* The aggregates over a series of days, which are window functions too; rows of the table in rolling_sql.c. */
#ifndef ATHLETE_ROLLING_WINDOW_SQL_H
#define ATHLETE_ROLLING_WINDOW_SQL_H

#include "base/binding/function.h"

void window_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void window_inverse(sqlite3_context *context, int argc, sqlite3_value **argv);

void ewma_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void ewma_value(sqlite3_context *context);
void ewma_final(sqlite3_context *context);

void linear_trend_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void linear_trend_value(sqlite3_context *context);
void linear_trend_final(sqlite3_context *context);

void monotony_value(sqlite3_context *context);
void monotony_final(sqlite3_context *context);

void strain_value(sqlite3_context *context);
void strain_final(sqlite3_context *context);

void quantile_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void quantile_value(sqlite3_context *context);
void quantile_final(sqlite3_context *context);
void supported_max_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void supported_max_value(sqlite3_context *context);
void supported_max_final(sqlite3_context *context);

#endif
