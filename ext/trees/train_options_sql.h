/* The options of gbdt_train and gbdt_fit: read from JSON, turned into the kernel's, and written down in the model. */
#ifndef ATHLETE_TREES_TRAIN_OPTIONS_SQL_H
#define ATHLETE_TREES_TRAIN_OPTIONS_SQL_H

#include "base/binding/options.h"
#include "trees/boosting/boost.h"

typedef struct train_options {
    int objective_name; /* which of the names was given */
    int grow_policy;
    sqlite3_int64 rounds, early_stopping_rounds, max_depth, max_leaves, min_child_rows, max_bin, n_classes,
        max_cat_to_onehot, max_cat_threshold, seed, threads, memory_limit_mb;
    double eta, quantile, huber_slope, positive_weight, max_delta_step, min_child_weight, lambda, alpha,
        gamma, subsample, colsample, colsample_bynode, cat_smooth, cat_l2, base_score;
    char *feature_names, *weight, *validation, *categorical_features, *monotone_constraints,
        *interaction_constraints; /* JSON texts, or NULL */
    objective objective;          /* what the options say about it */
} train_options;

extern const athlete_option train_options_table[];

/* Reads the JSON text (NULL for defaults) as options_read does. Free with train_options_free also after a failure. */
athlete_status train_options_read(const char *json, train_options *options, athlete_fault *fault);
void train_options_free(train_options *options);

boost_options train_options_for_kernel(const train_options *options);

/* Appends the options that decide about the model, as JSON with a fixed order of members. */
void train_options_write(const train_options *options, text_buffer *out);

#endif
