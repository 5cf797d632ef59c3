/* The model of clusters that an argument is the text of, out of the connection's cache. */
#ifndef ATHLETE_CLUSTER_CLUSTER_ARGUMENT_SQL_H
#define ATHLETE_CLUSTER_CLUSTER_ARGUMENT_SQL_H

#include "base/binding/function.h"
#include "base/text/text_cache.h"
#include "cluster/cluster_model.h"

typedef struct cached_clusters {
    cached_text base; /* must be first */
    cluster_model model;
    double *row; /* room for one, used by one call at a time */
} cached_clusters;

/* NULL with *status and, for ATHLETE_INVALID, the fault; to be given back with cached_text_release. */
cached_clusters *cluster_argument(sqlite3 *db, void *cache, sqlite3_value *argument, athlete_status *status,
                                  athlete_fault *fault);

/* The same of a function that may read (ATHLETE_DIRECT): the text may also name a model of the registry. */
cached_clusters *cluster_argument_of_call(athlete_call *call, sqlite3_value *argument,
                                          athlete_status *status);

#endif
