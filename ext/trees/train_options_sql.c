#include "trees/train_options_sql.h"

#include <math.h>
#include <stddef.h>

#define FIELD(name) offsetof(train_options, name)

/* XGBoost's objectives first, LightGBM's names for them after, in the same order. */
#define OBJECTIVES 4

static const athlete_option table[] = {
    {"objective", NULL, OPTION_CHOICE, FIELD(objective), 0, 0,
     "reg:squarederror|binary:logistic|reg:absoluteerror|reg:quantileerror|regression|binary|regression_l1|"
     "quantile",
     "what is minimised; reg:squarederror"},
    {"num_boost_round", "num_iterations", OPTION_INTEGER, FIELD(rounds), 1, 100000, NULL, "trees; 100"},
    {"eta", "learning_rate", OPTION_NUMBER, FIELD(eta), 1e-6, 1, NULL, "shrinkage of each tree; 0.3"},
    {"max_depth", NULL, OPTION_INTEGER, FIELD(max_depth), 0, 1000000, NULL,
     "levels of splits, 0 for no limit; 6"},
    {"max_leaves", "num_leaves", OPTION_INTEGER, FIELD(max_leaves), 0, 1000000, NULL,
     "leaves of a tree, 0 for no limit; 0"},
    {"grow_policy", NULL, OPTION_CHOICE, FIELD(grow_policy), 0, 0, "depthwise|lossguide",
     "level by level, or best gain first; depthwise"},
    {"min_child_weight", "min_sum_hessian_in_leaf", OPTION_NUMBER, FIELD(min_child_weight), 0, 1e15, NULL,
     "least sum of hessians in a leaf; 1"},
    {"min_data_in_leaf", NULL, OPTION_INTEGER, FIELD(min_child_rows), 0, 1e9, NULL,
     "least rows in a leaf; 1"},
    {"lambda", "lambda_l2", OPTION_NUMBER, FIELD(lambda), 0, 1e15, NULL, "L2 penalty on leaf values; 1"},
    {"alpha", "lambda_l1", OPTION_NUMBER, FIELD(alpha), 0, 1e15, NULL, "L1 penalty on leaf values; 0"},
    {"gamma", "min_gain_to_split", OPTION_NUMBER, FIELD(gamma), 0, 1e30, NULL, "least gain of a split; 0"},
    {"subsample", "bagging_fraction", OPTION_NUMBER, FIELD(subsample), 1e-6, 1, NULL,
     "share of rows per tree; 1"},
    {"colsample_bytree", "feature_fraction", OPTION_NUMBER, FIELD(colsample), 1e-6, 1, NULL,
     "share of features per tree; 1"},
    {"max_bin", NULL, OPTION_INTEGER, FIELD(max_bin), 2, ATHLETE_MAX_BIN, NULL, "bins per feature; 255"},
    {"quantile_alpha", NULL, OPTION_NUMBER, FIELD(quantile), 1e-6, 1 - 1e-6, NULL,
     "quantile of reg:quantileerror; 0.5"},
    {"seed", "random_state", OPTION_INTEGER, FIELD(seed), 0, 9007199254740992.0, NULL,
     "of subsample and colsample_bytree; 0"},
    {"base_score", NULL, OPTION_NUMBER, FIELD(base_score), -1e30, 1e30, NULL,
     "first prediction; the best constant"},
    {"feature_names", NULL, OPTION_JSON, FIELD(feature_names), 0, 0, NULL, "list of names, one per feature"},
    {"nthread", "num_threads", OPTION_INTEGER, FIELD(threads), 0, 1024, NULL, "changes no byte of the model"},
    {"memory_limit_mb", NULL, OPTION_INTEGER, FIELD(memory_limit_mb), 1, 1048576, NULL,
     "MiB for one model; 4096"},
    {.name = NULL},
};

athlete_status train_options_read(const char *json, train_options *options, char **message) {
    *options = (train_options){
        .rounds = 100,
        .eta = 0.3,
        .max_depth = 6,
        .min_child_weight = 1,
        .min_child_rows = 1,
        .lambda = 1,
        .subsample = 1,
        .colsample = 1,
        .max_bin = ATHLETE_MAX_BIN,
        .quantile = 0.5,
        .base_score = NAN,
        .memory_limit_mb = 4096,
    };
    athlete_status status = options_read(table, json, options, message);
    options->objective %= OBJECTIVES;
    if (status != ATHLETE_OK || options->objective != OBJECTIVE_LOGISTIC || isnan(options->base_score))
        return status;
    objective logistic = {.kind = OBJECTIVE_LOGISTIC};
    if (!isnan(objective_margin_of(&logistic, options->base_score))) return status;
    *message = sqlite3_mprintf(
        "option \"base_score\" must be a probability from 0 to 1 for binary:logistic, got %!.15g",
        options->base_score);
    return *message ? ATHLETE_INVALID : ATHLETE_NOMEM;
}

void train_options_free(train_options *options) {
    sqlite3_free(options->feature_names);
    options->feature_names = NULL;
}

static objective kernel_objective(const train_options *options) {
    objective_kind kind = (objective_kind)options->objective;
    return (objective){.kind = kind, .quantile = kind == OBJECTIVE_QUANTILE_ERROR ? options->quantile : 0.5};
}

boost_options train_options_for_kernel(const train_options *options) {
    return (boost_options){
        .objective = kernel_objective(options),
        .rounds = (int)options->rounds,
        .eta = options->eta,
        .grow =
            {
                .split =
                    {
                        .lambda = options->lambda,
                        .alpha = options->alpha,
                        .min_gain = options->gamma,
                        .min_child_weight = options->min_child_weight,
                        .min_child_rows = options->min_child_rows,
                    },
                .max_depth = (int)options->max_depth,
                .max_leaves = (size_t)options->max_leaves,
                .best_gain_first = options->grow_policy == 1,
            },
        .max_bin = (int)options->max_bin,
        .subsample = options->subsample,
        .colsample = options->colsample,
        .seed = (uint64_t)options->seed,
        .threads = (int)options->threads,
        .base_score = options->base_score,
    };
}

static void write_name(text_buffer *out, const char *name) {
    text_add(out, out->length == 0 ? "{" : ",");
    text_add_quoted(out, name);
    text_add(out, ":");
}

static void write_integer(text_buffer *out, const char *name, sqlite3_int64 x) {
    write_name(out, name);
    text_add_integer(out, x);
}

static void write_number(text_buffer *out, const char *name, double x) {
    write_name(out, name);
    text_add_float(out, (float)x);
}

static void write_text(text_buffer *out, const char *name, const char *x) {
    write_name(out, name);
    text_add_quoted(out, x);
}

void train_options_write(const train_options *options, text_buffer *out) {
    objective o = kernel_objective(options);
    write_text(out, "objective", objective_name(&o));
    if (o.kind == OBJECTIVE_QUANTILE_ERROR) write_number(out, "quantile_alpha", options->quantile);
    write_integer(out, "num_boost_round", options->rounds);
    write_number(out, "eta", options->eta);
    write_integer(out, "max_depth", options->max_depth);
    write_integer(out, "max_leaves", options->max_leaves);
    write_text(out, "grow_policy", options->grow_policy == 1 ? "lossguide" : "depthwise");
    write_number(out, "min_child_weight", options->min_child_weight);
    write_integer(out, "min_data_in_leaf", options->min_child_rows);
    write_number(out, "lambda", options->lambda);
    write_number(out, "alpha", options->alpha);
    write_number(out, "gamma", options->gamma);
    write_number(out, "subsample", options->subsample);
    write_number(out, "colsample_bytree", options->colsample);
    write_integer(out, "max_bin", options->max_bin);
    if (!isnan(options->base_score)) write_number(out, "base_score", options->base_score);
    write_integer(out, "seed", options->seed);
    text_add(out, "}");
}
