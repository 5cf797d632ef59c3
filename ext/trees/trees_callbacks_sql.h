/* What the table in trees_sql.c refers to. */
#ifndef ATHLETE_TREES_TREES_CALLBACKS_SQL_H
#define ATHLETE_TREES_TREES_CALLBACKS_SQL_H

#include "base/binding/function.h"
#include "base/binding/options.h"

/* train_sql.c */
void gbdt_options_fault_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void gbdt_train_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void gbdt_train_final(sqlite3_context *context);

/* fit_sql.c */
extern const athlete_table gbdt_fit_table;

/* predict_sql.c */
void gbdt_predict_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void gbdt_margin_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

/* interchange_sql.c */
void gbdt_export_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void gbdt_import_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

/* slice_sql.c */
void gbdt_slice_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

/* score_sql.c */
extern const athlete_table gbdt_score_table;
extern const athlete_option score_options_table[];

/* explain_sql.c */
extern const athlete_table gbdt_explain_table;
extern const athlete_table gbdt_interactions_table;

/* importance_sql.c, trees_table_sql.c */
extern const athlete_table gbdt_importance_table;
extern const athlete_table gbdt_trees_table;

#endif
