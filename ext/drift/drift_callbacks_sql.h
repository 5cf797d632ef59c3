/* What the table in drift_sql.c refers to. */
#ifndef ATHLETE_DRIFT_DRIFT_CALLBACKS_SQL_H
#define ATHLETE_DRIFT_DRIFT_CALLBACKS_SQL_H

#include "base/binding/function.h"

/* numbers_sql.c */
void ks_statistic_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void ks_statistic_final(sqlite3_context *context);
void ks_pvalue_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void ks_pvalue_final(sqlite3_context *context);
void wasserstein_final(sqlite3_context *context);

/* cells_sql.c */
void cells_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void psi_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void js_distance_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void psi_final(sqlite3_context *context);
void js_distance_final(sqlite3_context *context);
void total_variation_final(sqlite3_context *context);
void linf_final(sqlite3_context *context);

/* tests_sql.c */
extern const athlete_table ks_test_table;
extern const athlete_table chi2_test_table;

/* mean_shift_sql.c */
extern const athlete_table mean_shift_test_table;

/* joint/reconstruction_sql.c */
extern const athlete_table reconstruction_test_table;

/* drift_table_sql.c */
extern const athlete_table drift_table;

/* samples_sql.c */
extern const athlete_table drift_samples_table;

/* profile_sql.c */
extern const athlete_table profile_table;

#endif
