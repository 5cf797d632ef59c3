#include "cluster/cluster_rows_sql.h"

#include <math.h>
#include "base/binding/function.h"

#define CLUSTER_FIELD(name) offsetof(cluster_settings, name)
#define RUN_OPTIONS                                                                                          \
    {"starts",                                                                                               \
     "n_init",                                                                                               \
     OPTION_INTEGER,                                                                                         \
     CLUSTER_FIELD(starts),                                                                                  \
     1,                                                                                                      \
     1000,                                                                                                   \
     NULL,                                                                                                   \
     "20",                                                                                                   \
     "k-means++ starts, of which the one with the least inertia counts"},                                    \
        {"max_iterations",                                                                                   \
         "max_iter",                                                                                         \
         OPTION_INTEGER,                                                                                     \
         CLUSTER_FIELD(max_iterations),                                                                      \
         1,                                                                                                  \
         100000,                                                                                             \
         NULL,                                                                                               \
         "300",                                                                                              \
         "steps of one start, first of all points and then of single ones"},                                 \
        {"seed", "random_state", OPTION_INTEGER, CLUSTER_FIELD(seed), 0, 9007199254740992.0, NULL,           \
         "0",    "of all draws"},                                                                            \
        {"standardize",                                                                                      \
         NULL,                                                                                               \
         OPTION_CHOICE,                                                                                      \
         CLUSTER_FIELD(standardises),                                                                        \
         0,                                                                                                  \
         0,                                                                                                  \
         "each|none",                                                                                        \
         "each",                                                                                             \
         "each feature is measured in its standard deviations, or as it is"},                                \
    {                                                                                                        \
        "missing", NULL, OPTION_CHOICE, CLUSTER_FIELD(missing), 0, 0, "refuse|mean", "refuse",               \
            "a row with a NULL is an error, and has no cluster later; or NULL is the feature's mean"         \
    }

const athlete_option kmeans_train_options[] = {
    {"k", "n_clusters", OPTION_INTEGER, CLUSTER_FIELD(k), 1, KMEANS_MAX_CLUSTERS, NULL, NULL, "clusters"},
    RUN_OPTIONS,
    {"feature_names", NULL, OPTION_LIST, CLUSTER_FIELD(feature_names), 0, 0, NULL, NULL,
     "of the features, in their order; kmeans_fit has them from its query"},
    {"previous", NULL, OPTION_OBJECT, CLUSTER_FIELD(previous), 0, 0, NULL, NULL,
     "a model of the same features, whose clusters give their ids to those nearest to them"},
    {.name = NULL},
};

const athlete_option kmeans_choose_options[] = {
    {"k_min", NULL, OPTION_INTEGER, CLUSTER_FIELD(k_min), 2, KMEANS_MAX_CLUSTERS, NULL, "2",
     "the first k that is tried"},
    {"k_max", NULL, OPTION_INTEGER, CLUSTER_FIELD(k_max), 2, KMEANS_MAX_CLUSTERS, NULL, "8", "and the last"},
    RUN_OPTIONS,
    {"resamples", NULL, OPTION_INTEGER, CLUSTER_FIELD(resamples), 1, 10000, NULL, "20",
     "bootstrap samples for each k"},
    {"min_stability", NULL, OPTION_NUMBER, CLUSTER_FIELD(min_stability), -1, 1, NULL, "0.6",
     "mean adjusted Rand index below which clusters are no clusters"},
    {"min_silhouette", NULL, OPTION_NUMBER, CLUSTER_FIELD(min_silhouette), -1, 1, NULL, "0.2",
     "mean silhouette below which clusters are no clusters"},
    {.name = NULL},
};

void cluster_settings_free(cluster_settings *settings) {
    sqlite3_free(settings->feature_names);
    sqlite3_free(settings->previous);
    settings->feature_names = settings->previous = NULL;
}

kmeans_options cluster_settings_kmeans(const cluster_settings *settings) {
    return (kmeans_options){(size_t)settings->k, (size_t)settings->starts, (size_t)settings->max_iterations,
                            (uint64_t)settings->seed};
}

/* --- rows ----------------------------------------------------------------------------------------------- */

athlete_status cluster_feature(int feature, sqlite3_value *value, double *x, athlete_fault *fault) {
    int type = sqlite3_value_type(value);
    *x = NAN;
    if (type == SQLITE_NULL) return ATHLETE_OK;
    if (type == SQLITE_TEXT) type = sqlite3_value_numeric_type(value);
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
        *x = sqlite3_value_double(value);
        if (fabs(*x) <= CLUSTER_LARGEST) return ATHLETE_OK;
    }
    sqlite3_str *sentence = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sentence, "feature %d must be a number of at most 1e150 in size, or NULL, got ",
                        feature + 1);
    value_describe(sentence, value);
    return fault_refuse_str(fault, sentence);
}

static athlete_status refuse_cluster_row(const cluster_rows *rows, athlete_status status,
                                         athlete_fault *fault) {
    return status == ATHLETE_INVALID ? fault_refuse(fault, "row %zu: %s", rows->n + 1, fault->text) : status;
}

athlete_status cluster_rows_add(cluster_rows *rows, sqlite3_value **values, bool imputes,
                                athlete_budget *budget, athlete_fault *fault) {
    if (rows->n + 1 >= POINTS_MAX) return ATHLETE_OVER_LIMIT;
    athlete_status status = memory_reserve(budget, &rows->x, &rows->capacity, (rows->n + 1) * rows->width);
    for (size_t f = 0; f < rows->width && status == ATHLETE_OK; f++) {
        double *x = &rows->x[rows->n * rows->width + f];
        status = cluster_feature((int)f, values[f], x, fault);
        if (status == ATHLETE_OK && isnan(*x) && !imputes)
            status = fault_refuse(fault, "feature %zu is NULL; option \"missing\" = \"mean\" takes its mean",
                                  f + 1);
    }
    if (status == ATHLETE_OK) rows->n++;
    return refuse_cluster_row(rows, status, fault);
}

athlete_status cluster_rows_read(sqlite3 *db, sqlite3_stmt *query, bool imputes, athlete_budget *budget,
                                 cluster_rows *rows, athlete_fault *fault) {
    sqlite3_value **values = memory_alloc(budget, rows->width, sizeof *values);
    if (!values) return memory_status(budget);
    athlete_status status = ATHLETE_OK;
    int code = SQLITE_ROW;
    while (status == ATHLETE_OK && (code = sqlite3_step(query)) == SQLITE_ROW) {
        for (size_t f = 0; f < rows->width; f++) values[f] = sqlite3_column_value(query, (int)f + 1);
        status = cluster_rows_add(rows, values, imputes, budget, fault);
    }
    if (status == ATHLETE_OK) status = status_of_code(db, code, "the query failed: ", fault);
    memory_free(budget, values);
    return status;
}
