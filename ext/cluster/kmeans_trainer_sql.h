/* One training from SQL's values to the model's text, for kmeans_train and kmeans_fit. */
#ifndef ATHLETE_CLUSTER_KMEANS_TRAINER_SQL_H
#define ATHLETE_CLUSTER_KMEANS_TRAINER_SQL_H

#include "cluster/cluster_rows_sql.h"

typedef struct kmeans_trainer {
    athlete_budget budget;
    cluster_settings settings;
    cluster_rows rows;
    cluster_model model;
    size_t iterations;
    athlete_fault fault; /* what is wrong, without the function's name */
} kmeans_trainer;

athlete_status kmeans_trainer_begin(kmeans_trainer *t, const char *options, size_t n_features);

/* Trains on t->rows and adds the model's text to `text`; `names` per feature, or NULL for those of the options. */
athlete_status kmeans_trainer_finish(kmeans_trainer *t, const char *const *names, athlete_poll *poll,
                                     text_buffer *text);
void kmeans_trainer_free(kmeans_trainer *t);

#endif
