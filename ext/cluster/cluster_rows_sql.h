/* Rows of features from SQL, and the options by which they are grouped. */
#ifndef ATHLETE_CLUSTER_CLUSTER_ROWS_SQL_H
#define ATHLETE_CLUSTER_CLUSTER_ROWS_SQL_H

#include "base/binding/options.h"
#include "base/sqlite.h"
#include "cluster/cluster_train.h"

typedef struct cluster_settings {
    sqlite3_int64 k, k_min, k_max, starts, max_iterations, seed, resamples;
    bool keeps_scale;
    int standardises, missing;
    double min_stability, min_silhouette;
    char *feature_names, *previous;
} cluster_settings;

/* Reads `json` (NULL for none) by the table of the function: kmeans_train_options or kmeans_choose_options. Free the settings also
** after a failure. */
extern const athlete_option kmeans_train_options[], kmeans_choose_options[];
void cluster_settings_free(cluster_settings *settings);
kmeans_options cluster_settings_kmeans(const cluster_settings *settings);

/* Reads a value as a number; NAN for NULL. A sentence, without the row, for what is no number of at most CLUSTER_LARGEST. */
athlete_status cluster_feature(int feature, sqlite3_value *value, double *x, athlete_fault *fault);

/* Adds a row of rows->width values. */
athlete_status cluster_rows_add(cluster_rows *rows, sqlite3_value **values, bool imputes,
                                athlete_budget *budget, athlete_fault *fault);

/* The same for all rows of a prepared query, whose first column is no feature. */
athlete_status cluster_rows_read(sqlite3 *db, sqlite3_stmt *query, bool imputes, athlete_budget *budget,
                                 cluster_rows *rows, athlete_fault *fault);

#endif
