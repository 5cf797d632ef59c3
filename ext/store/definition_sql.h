/* Callbacks of the functions about definitions; their rows are in store_sql.c. */
#ifndef ATHLETE_STORE_DEFINITION_SQL_H
#define ATHLETE_STORE_DEFINITION_SQL_H

#include "base/binding/function.h"
#include "base/binding/options.h"

void feature_group_fault_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void feature_group_trial_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void feature_group_ddl_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void feature_group_times_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void feature_group_ingest_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
extern const athlete_option ingest_options_table[];
extern const athlete_table feature_validate_table;

#endif
