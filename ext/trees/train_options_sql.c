#include "trees/train_options_sql.h"

#include <math.h>
#include <stddef.h>
#include "base/binding/function.h"

#define FIELD(name) offsetof(train_options, name)

/* XGBoost's names of objectives, then LightGBM's. */
static const objective_kind kind_of_name[] = {
#define OBJECTIVE_NAMES                                                                                      \
    "reg:squarederror|reg:absoluteerror|reg:quantileerror|reg:pseudohubererror|count:poisson|"               \
    "binary:logistic|multi:softprob|"                                                                        \
    "huber|regression|regression_l1|quantile|poisson|binary|multiclass"
    OBJECTIVE_SQUARED_ERROR, OBJECTIVE_ABSOLUTE_ERROR, OBJECTIVE_QUANTILE_ERROR, OBJECTIVE_PSEUDO_HUBER,
    OBJECTIVE_POISSON,       OBJECTIVE_LOGISTIC,       OBJECTIVE_SOFTMAX,        OBJECTIVE_HUBER,
    OBJECTIVE_SQUARED_ERROR, OBJECTIVE_ABSOLUTE_ERROR, OBJECTIVE_QUANTILE_ERROR, OBJECTIVE_POISSON,
    OBJECTIVE_LOGISTIC,      OBJECTIVE_SOFTMAX,
};

const athlete_option train_options_table[] = {
    {"objective", NULL, OPTION_CHOICE, FIELD(objective_name), 0, 0, OBJECTIVE_NAMES, "reg:squarederror",
     "what is minimised"},
    {"num_boost_round", "num_iterations", OPTION_INTEGER, FIELD(rounds), 1, 100000, NULL, "100",
     "rounds, of one tree for each output"},
    {"early_stopping_rounds", "early_stopping_round", OPTION_INTEGER, FIELD(early_stopping_rounds), 0, 100000,
     NULL, "0",
     "end when the loss of the validation rows was not lowered for so many rounds, and keep the best, 0 for "
     "never"},
    {"eta", "learning_rate", OPTION_NUMBER, FIELD(eta), 1e-6, 1, NULL, "0.3", "shrinkage of each tree"},
    {"max_depth", NULL, OPTION_INTEGER, FIELD(max_depth), 0, 1000000, NULL, "6",
     "levels of splits, 0 for no limit"},
    {"max_leaves", "num_leaves", OPTION_INTEGER, FIELD(max_leaves), 0, 1000000, NULL, "0",
     "leaves of a tree, 0 for no limit"},
    {"grow_policy", NULL, OPTION_CHOICE, FIELD(grow_policy), 0, 0, "depthwise|lossguide", "depthwise",
     "level by level, or best gain first"},
    {"min_child_weight", "min_sum_hessian_in_leaf", OPTION_NUMBER, FIELD(min_child_weight), 0, 1e15, NULL,
     "1", "least sum of hessians in a leaf"},
    {"min_data_in_leaf", NULL, OPTION_INTEGER, FIELD(min_child_rows), 0, 1e9, NULL, "1",
     "least rows in a leaf"},
    {"lambda", "lambda_l2", OPTION_NUMBER, FIELD(lambda), 0, 1e15, NULL, "1", "L2 penalty on leaf values"},
    {"alpha", "lambda_l1", OPTION_NUMBER, FIELD(alpha), 0, 1e15, NULL, "0", "L1 penalty on leaf values"},
    {"gamma", "min_gain_to_split", OPTION_NUMBER, FIELD(gamma), 0, 1e30, NULL, "0", "least gain of a split"},
    {"max_delta_step", NULL, OPTION_NUMBER, FIELD(max_delta_step), 0, 1e15, NULL,
     "(0.7 for count:poisson, else 0)", "largest leaf value before shrinkage, 0 for no limit"},
    {"subsample", "bagging_fraction", OPTION_NUMBER, FIELD(subsample), 1e-6, 1, NULL, "1",
     "share of rows per tree"},
    {"colsample_bytree", "feature_fraction", OPTION_NUMBER, FIELD(colsample), 1e-6, 1, NULL, "1",
     "share of features per tree"},
    {"colsample_bynode", "feature_fraction_bynode", OPTION_NUMBER, FIELD(colsample_bynode), 1e-6, 1, NULL,
     "1", "share of the tree's features per split"},
    {"max_bin", NULL, OPTION_INTEGER, FIELD(max_bin), 2, ATHLETE_MAX_BIN, NULL, "255", "bins per feature"},
    {"quantile_alpha", NULL, OPTION_NUMBER, FIELD(quantile), 1e-6, 1 - 1e-6, NULL, "0.5",
     "quantile of reg:quantileerror"},
    {"huber_slope", NULL, OPTION_NUMBER, FIELD(huber_slope), 1e-9, 1e15, NULL, "1",
     "of reg:pseudohubererror and huber, where the loss turns from square to linear"},
    {"num_class", NULL, OPTION_INTEGER, FIELD(n_classes), 2, 1000, NULL, NULL, "classes of multi:softprob"},
    {"scale_pos_weight", NULL, OPTION_NUMBER, FIELD(positive_weight), 1e-6, 1e6, NULL, "1",
     "weight of rows with label 1 for binary:logistic"},
    {"seed", "random_state", OPTION_INTEGER, FIELD(seed), 0, 9007199254740992.0, NULL, "0",
     "of subsample and colsample"},
    {"base_score", NULL, OPTION_NUMBER, FIELD(base_score), -1e30, 1e30, NULL, "(the best constant)",
     "first prediction"},
    {"feature_names", "feature_name", OPTION_JSON, FIELD(feature_names), 0, 0, NULL, NULL,
     "list of names, one per column after the label"},
    {"weight", "weight_column", OPTION_COLUMN, FIELD(weight), 0, 0, NULL, NULL,
     "column (name, or position from 1 after the label) of row weights, 0 or more; 2 is the row twice"},
    {"validation", NULL, OPTION_COLUMN, FIELD(validation), 0, 0, NULL, NULL,
     "column with 1 in rows that are not trained on and tell the loss of each round, 0 in the others"},
    {"categorical_features", "categorical_feature", OPTION_JSON, FIELD(categorical_features), 0, 0, NULL,
     NULL,
     "list of columns whose values are names; those with text that is no number are without being listed"},
    {"max_cat_to_onehot", NULL, OPTION_INTEGER, FIELD(max_cat_to_onehot), 1, 255, NULL, "4",
     "with so many categories or fewer, one is parted from the others"},
    {"max_cat_threshold", NULL, OPTION_INTEGER, FIELD(max_cat_threshold), 1, 255, NULL, "32",
     "most categories on the smaller side of a split"},
    {"cat_smooth", NULL, OPTION_NUMBER, FIELD(cat_smooth), 0, 1e15, NULL, "10",
     "added to a category's hessian when categories are sorted; of those with fewer rows in a node, or fewer "
     "than two thirds of the mean, none is in a set"},
    {"cat_l2", NULL, OPTION_NUMBER, FIELD(cat_l2), 0, 1e15, NULL, "10",
     "added to lambda in splits of sorted categories"},
    {"monotone_constraints", NULL, OPTION_JSON, FIELD(monotone_constraints), 0, 0, NULL, NULL,
     "1, -1 or 0 for each feature: list, or object by name; 1 never falls as the feature rises"},
    {"interaction_constraints", NULL, OPTION_JSON, FIELD(interaction_constraints), 0, 0, NULL, NULL,
     "lists of columns that may meet on a path of a tree"},
    {"nthread", "num_threads", OPTION_INTEGER, FIELD(threads), 0, 1024, NULL, "0",
     "threads, 0 for all processors; they change no byte of the model"},
    {"memory_limit_mb", NULL, OPTION_INTEGER, FIELD(memory_limit_mb), 1, 1048576, NULL, "4096",
     "MiB for one model"},
    {.name = NULL},
};

/* What no single row of the table can say. */
static athlete_status check(const train_options *options, athlete_fault *fault) {
    const objective *o = &options->objective;
    if (o->kind == OBJECTIVE_SOFTMAX && o->n_classes == 0)
        return fault_refuse(fault, "multi:softprob needs option \"num_class\"");
    if (o->kind != OBJECTIVE_SOFTMAX && o->n_classes != 0)
        return fault_refuse(fault, "option \"num_class\" is for multi:softprob, the objective is %s",
                            objective_name(o));
    if (isnan(options->base_score) || !isnan(objective_margin_of(o, options->base_score))) return ATHLETE_OK;
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "option \"base_score\" must be %s for %s, got %!.15g",
                        o->kind == OBJECTIVE_LOGISTIC  ? "a probability from 0 to 1"
                        : o->kind == OBJECTIVE_POISSON ? "a rate above 1e-30"
                                                       : "left out",
                        objective_name(o), options->base_score);
    return fault_refuse_str(fault, out);
}

static objective objective_of(const train_options *options) {
    objective_kind kind = kind_of_name[options->objective_name];
    return (objective){
        .kind = kind,
        .quantile = kind == OBJECTIVE_QUANTILE_ERROR ? options->quantile : 0.5,
        .slope = options->huber_slope,
        .positive_weight = options->positive_weight,
        .max_delta_step = options->max_delta_step,
        .n_classes = (int)options->n_classes,
    };
}

athlete_status train_options_read(const char *json, train_options *options, athlete_fault *fault) {
    *options = (train_options){.max_delta_step = NAN, .base_score = NAN};
    athlete_status status = options_read(train_options_table, json, options, fault);
    if (status != ATHLETE_OK) return status;
    if (isnan(options->max_delta_step))
        options->max_delta_step = kind_of_name[options->objective_name] == OBJECTIVE_POISSON ? 0.7 : 0;
    options->objective = objective_of(options);
    return check(options, fault);
}

void train_options_free(train_options *options) {
    char **texts[] = {&options->feature_names,        &options->weight,
                      &options->validation,           &options->categorical_features,
                      &options->monotone_constraints, &options->interaction_constraints};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        sqlite3_free(*texts[i]);
        *texts[i] = NULL;
    }
}

boost_options train_options_for_kernel(const train_options *options) {
    objective aim = options->objective;
    aim.level = simd_available();
    return (boost_options){
        .objective = aim,
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
                        .cat_smooth = options->cat_smooth,
                        .cat_l2 = options->cat_l2,
                        .max_cat_to_onehot = (int)options->max_cat_to_onehot,
                        .max_cat_threshold = (int)options->max_cat_threshold,
                    },
                .max_depth = (int)options->max_depth,
                .max_leaves = (size_t)options->max_leaves,
                .best_gain_first = options->grow_policy == 1,
                .colsample_bynode = options->colsample_bynode,
                .seed = (uint64_t)options->seed,
            },
        .max_bin = (int)options->max_bin,
        .subsample = options->subsample,
        .colsample = options->colsample,
        .seed = (uint64_t)options->seed,
        .base_score = options->base_score,
        .max_delta_step = options->max_delta_step,
        .early_stopping_rounds = (int)options->early_stopping_rounds,
        .threads = (int)options->threads,
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

static void write_json(text_buffer *out, const char *name, const char *json) {
    if (!json) return;
    write_name(out, name);
    text_add(out, json);
}

void train_options_write(const train_options *options, text_buffer *out) {
    const objective *o = &options->objective;
    write_text(out, "objective", objective_name(o));
    if (o->kind == OBJECTIVE_QUANTILE_ERROR) write_number(out, "quantile_alpha", o->quantile);
    if (o->kind == OBJECTIVE_PSEUDO_HUBER || o->kind == OBJECTIVE_HUBER)
        write_number(out, "huber_slope", o->slope);
    if (o->kind == OBJECTIVE_SOFTMAX) write_integer(out, "num_class", o->n_classes);
    if (o->kind == OBJECTIVE_LOGISTIC) write_number(out, "scale_pos_weight", o->positive_weight);
    write_integer(out, "num_boost_round", options->rounds);
    if (options->early_stopping_rounds > 0)
        write_integer(out, "early_stopping_rounds", options->early_stopping_rounds);
    write_number(out, "eta", options->eta);
    write_integer(out, "max_depth", options->max_depth);
    write_integer(out, "max_leaves", options->max_leaves);
    write_text(out, "grow_policy", options->grow_policy == 1 ? "lossguide" : "depthwise");
    write_number(out, "min_child_weight", options->min_child_weight);
    write_integer(out, "min_data_in_leaf", options->min_child_rows);
    write_number(out, "lambda", options->lambda);
    write_number(out, "alpha", options->alpha);
    write_number(out, "gamma", options->gamma);
    if (options->max_delta_step > 0) write_number(out, "max_delta_step", options->max_delta_step);
    write_number(out, "subsample", options->subsample);
    write_number(out, "colsample_bytree", options->colsample);
    write_number(out, "colsample_bynode", options->colsample_bynode);
    write_integer(out, "max_bin", options->max_bin);
    write_integer(out, "max_cat_to_onehot", options->max_cat_to_onehot);
    write_integer(out, "max_cat_threshold", options->max_cat_threshold);
    write_number(out, "cat_smooth", options->cat_smooth);
    write_number(out, "cat_l2", options->cat_l2);
    write_json(out, "weight", options->weight);
    write_json(out, "validation", options->validation);
    write_json(out, "categorical_features", options->categorical_features);
    write_json(out, "monotone_constraints", options->monotone_constraints);
    write_json(out, "interaction_constraints", options->interaction_constraints);
    if (!isnan(options->base_score)) write_number(out, "base_score", options->base_score);
    write_integer(out, "seed", options->seed);
    text_add(out, "}");
}
