/* The options of gbdt_train and gbdt_fit: read from JSON, turned into the kernel's, and written down in the model. */
#ifndef ATHLETE_TREES_TRAINER_TRAIN_OPTIONS_SQL_H
#define ATHLETE_TREES_TRAINER_TRAIN_OPTIONS_SQL_H

#include "base/binding/options.h"
#include "trees/boosting/boost.h"

#define TRAIN_MAX_OPTIONS 48
#define TRAIN_MAX_CLASSES 1000

typedef struct train_options {
    int objective_name; /* which of the names was given */
    int grow_policy;
    int metric_name; /* -1 where none was given */
    metric_kind metric;
    sqlite3_int64 rounds, early_stopping_rounds, max_depth, max_leaves, min_child_rows, max_bin, n_classes,
        max_cat_to_onehot, max_cat_threshold, seed, threads, memory_limit_mb;
    int given[TRAIN_MAX_OPTIONS]; /* per row of the table, see options_read_given */
    double l1;                    /* L1 penalty, whatever its name was */
    option_numbers quantile;
    double eta, lambda_l1, huber_slope, positive_weight, max_delta_step, min_child_weight, lambda, alpha,
        gamma, variance_power, subsample, colsample, colsample_bynode, cat_smooth, cat_l2, base_score;
    char *feature_names, *weight, *validation, *categorical_features, *monotone_constraints,
        *interaction_constraints, *previous; /* JSON texts, or NULL */
    objective objective;                     /* what the options say about it */
} train_options;

extern const athlete_option train_options_table[];

/* Reads the JSON text (NULL for defaults) as options_read does. Free with train_options_free also after a failure. */
athlete_status train_options_read(const char *json, train_options *options, athlete_fault *fault);
void train_options_free(train_options *options);

/* 0 if the option of this name was not given, 1 if under it, 2 or more under an alias. */
int train_options_given(const train_options *options, const char *name);

/* Whether it was given and is not what holds without it: a default that is spelt out is no mistake. */
bool train_options_changed(const train_options *options, const char *name);

boost_options train_options_for_kernel(const train_options *options);

/* What the history is of. */
const char *train_options_metric(const train_options *options);

/* Appends the options that decide about the model, those of categories if it `has_names`, as JSON with a fixed order of members.
** Of the model before, if there was one, it says how many rounds it had. */
void train_options_write(const train_options *options, bool has_names, int rounds_before, text_buffer *out);

#endif
