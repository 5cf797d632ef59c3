/* The callbacks that need more than numbers in and a number out; the table in training_sql.c names them. */
#ifndef ATHLETE_TRAINING_TRAINING_CALLBACKS_SQL_H
#define ATHLETE_TRAINING_TRAINING_CALLBACKS_SQL_H

#include "base/binding/function.h"

/* load_sql.c: an optional word chooses a variant */
void trimp_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void hr_tss_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void grade_factor_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

/* zones_sql.c */
void hr_zone_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void hr_zone_pct_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void hr_zone_pct_inverse(sqlite3_context *context, int argc, sqlite3_value **argv);
void hr_zone_pct_value(sqlite3_context *context);

/* duration_sql.c */
void hms_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void parse_hms_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

#endif
