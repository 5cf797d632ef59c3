/* What the table in rolling_sql.c refers to. */
#ifndef ATHLETE_ROLLING_ROLLING_CALLBACKS_SQL_H
#define ATHLETE_ROLLING_ROLLING_CALLBACKS_SQL_H

#include "base/binding/function.h"
#include "base/binding/options.h"

/* window_sql.c */
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

/* proven_max_sql.c */
void proven_max_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void proven_max_final(sqlite3_context *context);

/* training_load_sql.c */
extern const athlete_table training_load_table, training_forecast_table;
extern const athlete_option training_load_options[];

/* similar_runs_sql.c */
extern const athlete_table similar_pace_table;

/* active_days_sql.c */
extern const athlete_table active_days_table;

#endif
