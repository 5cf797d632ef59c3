/* The table of functions that find groups of rows that are like one another. */
#include "cluster/cluster_sql.h"

#include "base/text/text_cache.h"
#include "cluster/cluster_callbacks_sql.h"
#include "cluster/cluster_rows_sql.h"

#define CLUSTER_MODEL                                                                                        \
    { "model", ATHLETE_MODEL, 0, 0, 0, "the JSON text of a model of kmeans_train or kmeans_fit" }
#define REGISTERED_CLUSTERS                                                                                  \
    {                                                                                                        \
        "model", ATHLETE_MODEL, 0, 0, 0,                                                                     \
            "the JSON text of a model of kmeans_train or kmeans_fit, or one of the registry: "               \
            "athlete_clustering@champion"                                                                    \
    }
#define CLUSTER_FEATURE                                                                                      \
    {                                                                                                        \
        "feature", ATHLETE_ANY, ATHLETE_NULLABLE | ATHLETE_REPEATED, 0, 0,                                   \
            "a number of at most 1e150 in size, in any unit, as in training and in the same order"           \
    }
#define CLUSTER_QUERY                                                                                         \
    {                                                                                                         \
        "query", ATHLETE_QUERY, 0, 0, 0,                                                                      \
            "gives key, feature, … for each row; the key is no feature, so that kmeans_score can take the " \
            "same query"                                                                                      \
    }
#define CLUSTER_RUN_SOURCE                                                                                   \
    "Arthur & Vassilvitskii 2007, SODA, 1027; Lloyd 1982, IEEE Trans. Inf. Theory 28:129; Hartigan 1975, "   \
    "Clustering Algorithms, 4.3; Fränti & Kivijärvi 2000, Pattern Anal. Appl. 3:358; ids by Kuhn 1955, "   \
    "Nav. Res. Logist. Q. 2:83"
#define CLUSTER_ROW_ERRORS                                                                                   \
    "a feature that is no number, or NULL where \"missing\" is refuse, by row and number; "
#define TWO_RUNNERS                                                                                          \
    "VALUES (''ann'', 30.0, 5.9), (''bo'', 32.0, 6.1), (''cy'', 90.0, 4.4), (''di'', 84.0, 4.6)"
#define TWO_RUNNERS_MODEL                                                                                    \
    "(SELECT kmeans_train('{\"k\": 2}', column2, column3) FROM (VALUES ('ann', 30.0, 5.9), ('bo', 32.0, "    \
    "6.1), ('cy', 90.0, 4.4), ('di', 84.0, 4.6)))"

static const athlete_function cluster_functions[] = {
    {
        .name = "kmeans_train",
        .example =
            "SELECT kmeans_train('{\"k\": 2, \"feature_names\": [\"km\", \"pace\"]}', column2, column3) FROM "
            "(VALUES ('ann', 30.0, 5.9), ('bo', 32.0, 6.1), ('cy', 90.0, 4.4), ('di', 84.0, 4.6))",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(
            {"options", ATHLETE_OPTIONS, 0, 0, 0,
             "JSON, the same in every row of a group; SELECT * FROM athlete_options lists them"},
            CLUSTER_FEATURE),
        .summary =
            "Groups the rows around k centres, each feature measured in its standard deviations; the same "
            "rows in any order give the same bytes.",
        .returns = "text, the model as JSON: features, means, scales, clusters (ids), sizes, centers "
                   "(standardised), "
                   "inertia; NULL for no rows",
        .errors = CLUSTER_ROW_ERRORS "fewer different rows than clusters; an unknown option",
        .source = CLUSTER_RUN_SOURCE,
        .step = kmeans_train_step,
        .final = kmeans_train_final,
        .options = kmeans_train_options,
    },
    {
        .name = "kmeans_fit",
        .example = "SELECT rows, k, inertia FROM kmeans_fit('{\"k\": 2}', '" TWO_RUNNERS "')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS({"options", ATHLETE_OPTIONS, 0, 0, 0, "JSON, those of kmeans_train"},
                                       CLUSTER_QUERY),
        .summary =
            "Groups the rows of a query around k centres: the model of kmeans_train, with the names of the "
            "columns after the key for those of the features.",
        .errors = CLUSTER_ROW_ERRORS "fewer different rows than clusters; an unknown option",
        .source = CLUSTER_RUN_SOURCE,
        .table = &kmeans_fit_table,
        .options = kmeans_train_options,
    },
    {
        .name = "kmeans_choose",
        .example = "SELECT k, chosen, reason FROM kmeans_choose('{\"k_max\": 2}', '" TWO_RUNNERS "')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments =
            ATHLETE_ARGUMENTS({"options", ATHLETE_OPTIONS, 0, 0, 0,
                               "JSON: k_min, k_max, resamples, min_stability, min_silhouette, and those "
                               "of a run: starts, max_iterations, seed, standardize, missing"},
                              CLUSTER_QUERY),
        .summary = "How many clusters there are: for each k the inertia, the mean silhouette and the mean "
                   "adjusted Rand index of "
                   "clusters found in samples drawn with replacement. Chosen is, of those that are stable "
                   "and apart, the "
                   "least k whose silhouette is within a standard error of the greatest. Where none is "
                   "chosen there are "
                   "no clusters worth a name.",
        .errors = CLUSTER_ROW_ERRORS "no more different rows than k_min",
        .source = "Rousseeuw 1987, J. Comput. Appl. Math. 20:53; Ben-Hur, Elisseeff & Guyon 2002, Pac. Symp. "
                  "Biocomput., 6; Fang & Wang 2012, Comput. Stat. Data Anal. 56:468; Breiman et al. 1984, "
                  "Classification and Regression Trees, 3.4.3",
        .table = &kmeans_choose_table,
        .options = kmeans_choose_options,
    },
    {
        .name = "kmeans_predict",
        .example = "SELECT kmeans_predict(" TWO_RUNNERS_MODEL ", 80, 4.7)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(CLUSTER_MODEL, CLUSTER_FEATURE),
        .summary = "The id of the cluster whose centre is nearest to the features.",
        .returns =
            "an integer; NULL where a feature is NULL, unless the model was trained with missing = mean",
        .errors =
            "a text that is no model of clusters; another number of features; a feature that is no number",
        .scalar = kmeans_predict_scalar,
    },
    {
        .name = "kmeans_distance",
        .example = "SELECT kmeans_distance(" TWO_RUNNERS_MODEL ", 80, 4.7)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(CLUSTER_MODEL, CLUSTER_FEATURE),
        .summary = "How far the features lie from the nearest centre, each in its standard deviations.",
        .returns = "0 and more; NULL as kmeans_predict",
        .errors = "as kmeans_predict",
        .scalar = kmeans_distance_scalar,
    },
    {
        .name = "kmeans_score",
        .example = "SELECT * FROM kmeans_score(" TWO_RUNNERS_MODEL ", '" TWO_RUNNERS "')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            REGISTERED_CLUSTERS, {"query", ATHLETE_QUERY, 0, 0, 0,
                                  "gives key, feature, … for each row; a model with feature names finds its "
                                  "features by the names of "
                                  "the columns, in any order and among others, one without by their order"}),
        .summary = "kmeans_predict and kmeans_distance for each row of a query.",
        .errors =
            "a text that is no model of clusters; a query without its features; a feature that is no number, "
            "by row",
        .table = &kmeans_score_table,
    },
    {
        .name = "kmeans_centers",
        .example = "SELECT * FROM kmeans_centers(" TWO_RUNNERS_MODEL ")",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(REGISTERED_CLUSTERS),
        .summary =
            "A model's centres, a row for each cluster and feature (by name, or by number from 0): in the "
            "feature's own unit and in standard deviations from its mean, with the size of the cluster in "
            "training.",
        .errors = "a text that is no model of clusters",
        .table = &kmeans_centers_table,
    },
    {
        .name = "silhouette",
        .example = "SELECT silhouette(column1, column2) FROM (VALUES ('a', 1), ('a', 2), ('b', 7), ('b', 9))",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(
            {"cluster", ATHLETE_ANY, 0, 0, 0, "a label of any type"},
            {"feature", ATHLETE_ANY, ATHLETE_NULLABLE | ATHLETE_REPEATED, 0, 0,
             "a number of at most 1e150 in size; features of different units are to be standardised "
             "before"}),
        .summary =
            "How well rows lie in their clusters: the mean of (b - a) / max(a, b), a being the mean distance "
            "from the others of the cluster and b the least one from those of another. Exact, in time n².",
        .returns = "-1 to 1; NULL unless there are 2 to n - 1 clusters; rows with a NULL are skipped",
        .errors = "a feature that is no number",
        .source = "Rousseeuw 1987, J. Comput. Appl. Math. 20:53; scikit-learn, silhouette_score",
        .step = silhouette_step,
        .final = silhouette_final,
    },
    {
        .name = "adjusted_rand_index",
        .example = "SELECT adjusted_rand_index(column1, column2) FROM (VALUES (0, 'x'), (0, 'x'), (1, 'y'), "
                   "(1, 'z'))",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS({"a", ATHLETE_ANY, 0, 0, 0, "a label of any type"},
                                       {"b", ATHLETE_ANY, 0, 0, 0, "another label of the same row"}),
        .summary = "How far two groupings of the same rows agree, whatever the groups are called, adjusted "
                   "for chance.",
        .returns =
            "1 where they are the same, 0 on average for labels at random, below where they agree less; NULL "
            "for no rows; rows with a NULL are skipped",
        .source = "Hubert & Arabie 1985, J. Classif. 2:193; scikit-learn, adjusted_rand_score",
        .step = adjusted_rand_index_step,
        .final = adjusted_rand_index_final,
    },
    {.name = NULL},
};

const athlete_domain athlete_cluster = {
    .name = "cluster",
    .functions = cluster_functions,
    .state_open = text_cache_open,
    .state_close = text_cache_close,
};
