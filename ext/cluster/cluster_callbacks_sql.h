/* What the table in cluster_sql.c refers to. */
#ifndef ATHLETE_CLUSTER_CLUSTER_CALLBACKS_SQL_H
#define ATHLETE_CLUSTER_CLUSTER_CALLBACKS_SQL_H

#include "base/binding/function.h"

/* kmeans_train_sql.c */
void kmeans_train_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void kmeans_train_final(sqlite3_context *context);

/* kmeans_fit_sql.c, kmeans_choose_sql.c */
extern const athlete_table kmeans_fit_table, kmeans_choose_table;

/* kmeans_predict_sql.c */
void kmeans_predict_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void kmeans_distance_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
extern const athlete_table kmeans_score_table, kmeans_centers_table;

/* agreement_sql.c */
void silhouette_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void silhouette_final(sqlite3_context *context);
void adjusted_rand_index_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void adjusted_rand_index_final(sqlite3_context *context);

#endif
