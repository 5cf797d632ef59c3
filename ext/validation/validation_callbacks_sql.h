/* What the table in validation_sql.c refers to. */
#ifndef ATHLETE_VALIDATION_VALIDATION_CALLBACKS_SQL_H
#define ATHLETE_VALIDATION_VALIDATION_CALLBACKS_SQL_H

#include "base/binding/function.h"
#include "base/binding/options.h"

/* time_split_sql.c */
extern const athlete_table time_series_split_table;
extern const athlete_table time_series_split_dates_table;

/* group_split_sql.c */
extern const athlete_table group_split_table;

/* conformal_sql.c */
void conformal_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void conformal_final(sqlite3_context *context);

/* leakage_sql.c */
extern const athlete_table leakage_report_table;
extern const athlete_option leakage_options[];

/* bootstrap_sql.c */
void block_bootstrap_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void block_bootstrap_final(sqlite3_context *context);
extern const athlete_option block_bootstrap_options[];

/* errors_sql.c */
void absolute_error_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void absolute_error_inverse(sqlite3_context *context, int argc, sqlite3_value **argv);
void squared_error_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void squared_error_inverse(sqlite3_context *context, int argc, sqlite3_value **argv);
void percentage_error_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void percentage_error_inverse(sqlite3_context *context, int argc, sqlite3_value **argv);
void log_loss_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void log_loss_inverse(sqlite3_context *context, int argc, sqlite3_value **argv);
void brier_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void brier_inverse(sqlite3_context *context, int argc, sqlite3_value **argv);
void error_mean_value(sqlite3_context *context);
void error_root_value(sqlite3_context *context);
void brier_skill_value(sqlite3_context *context);

/* labelled_sql.c */
void roc_auc_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void roc_auc_final(sqlite3_context *context);
void calibration_error_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void calibration_error_final(sqlite3_context *context);
void calibration_fit_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void calibration_fit_final(sqlite3_context *context);

/* estimated_sql.c */
extern const athlete_table cbpe_table, dle_table;
extern const athlete_option cbpe_options[], dle_options[];

/* calibrate_sql.c */
void calibrate_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

#endif
