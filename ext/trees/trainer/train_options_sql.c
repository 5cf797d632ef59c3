#include "trees/trainer/train_options_sql.h"

#include <math.h>
#include <stddef.h>
#include <string.h>
#include "base/binding/function.h"

enum { LIGHTGBM_QUANTILE = 12, LIGHTGBM_CLASSES = 17 }; /* places among the names below */

#define CAT_SMOOTH 10.0 /* LightGBM's */
#define CAT_L2     10.0

#define FIELD(name) offsetof(train_options, name)

/* XGBoost's names of objectives, then LightGBM's. */
static const objective_kind kind_of_name[] = {
#define OBJECTIVE_NAMES                                                                                      \
    "reg:squarederror|reg:absoluteerror|reg:quantileerror|reg:pseudohubererror|count:poisson|"               \
    "reg:gamma|reg:tweedie|binary:logistic|multi:softprob|"                                                  \
    "huber|regression|regression_l1|quantile|poisson|gamma|tweedie|binary|multiclass"
    OBJECTIVE_SQUARED_ERROR,  OBJECTIVE_ABSOLUTE_ERROR, OBJECTIVE_QUANTILE_ERROR, OBJECTIVE_PSEUDO_HUBER,
    OBJECTIVE_POISSON,        OBJECTIVE_GAMMA,          OBJECTIVE_TWEEDIE,        OBJECTIVE_LOGISTIC,
    OBJECTIVE_SOFTMAX,        OBJECTIVE_HUBER,          OBJECTIVE_SQUARED_ERROR,  OBJECTIVE_ABSOLUTE_ERROR,
    OBJECTIVE_QUANTILE_ERROR, OBJECTIVE_POISSON,        OBJECTIVE_GAMMA,          OBJECTIVE_TWEEDIE,
    OBJECTIVE_LOGISTIC,       OBJECTIVE_SOFTMAX,
};

/* Those of an objective alone are METRIC_OF_OBJECTIVE. */
static const struct {
    const char *name;
    metric_kind kind;
} metrics[] = {
#define METRIC_NAMES                                                                                         \
    "rmse|mae|error|auc|merror|logloss|mlogloss|quantile|mphe|huber|poisson|gamma-deviance|tweedie-nloglik"
    {"rmse", METRIC_RMSE},
    {"mae", METRIC_MAE},
    {"error", METRIC_ERROR},
    {"auc", METRIC_AUC},
    {"merror", METRIC_CLASS_ERROR},
    {"logloss", METRIC_OF_OBJECTIVE},
    {"mlogloss", METRIC_OF_OBJECTIVE},
    {"quantile", METRIC_OF_OBJECTIVE},
    {"mphe", METRIC_OF_OBJECTIVE},
    {"huber", METRIC_OF_OBJECTIVE},
    {"poisson", METRIC_OF_OBJECTIVE},
    {"gamma-deviance", METRIC_OF_OBJECTIVE},
    {"tweedie-nloglik", METRIC_OF_OBJECTIVE},
};

const athlete_option train_options_table[] = {
    {"objective", NULL, OPTION_CHOICE, FIELD(objective_name), 0, 0, OBJECTIVE_NAMES, "reg:squarederror",
     "what is minimised"},
    {"num_boost_round", "num_iterations|n_estimators|num_trees|num_rounds|n_iter", OPTION_INTEGER,
     FIELD(rounds), 1, 100000, NULL, "100", "rounds, of one tree for each output"},
    {"early_stopping_rounds", "early_stopping_round|early_stopping|n_iter_no_change", OPTION_INTEGER,
     FIELD(early_stopping_rounds), 0, 100000, NULL, "0",
     "end when the loss of the validation rows was not lowered for so many rounds, and keep the best, 0 for "
     "never"},
    {"eval_metric", "metric", OPTION_CHOICE, FIELD(metric_name), 0, 0, METRIC_NAMES, "(the objective's)",
     "what the history is of, and early stopping goes by: rmse and mae of outputs, for one output; error and "
     "auc for binary:logistic, merror for multi:softprob; or the objective's own"},
    {"eta", "learning_rate|shrinkage_rate", OPTION_NUMBER, FIELD(eta), 1e-6, 1, NULL, "0.3",
     "shrinkage of each tree"},
    {"max_depth", NULL, OPTION_INTEGER, FIELD(max_depth), -1, 1000000, NULL, "6",
     "levels of splits, 0 or -1 for no limit"},
    {"max_leaves", "num_leaves|max_leaf_nodes", OPTION_INTEGER, FIELD(max_leaves), 0, 1000000, NULL, "0",
     "leaves of a tree, 0 for no limit"},
    {"grow_policy", NULL, OPTION_CHOICE, FIELD(grow_policy), 0, 0, "depthwise|lossguide", "depthwise",
     "level by level, or best gain first"},
    {"min_child_weight", "min_sum_hessian_in_leaf|min_sum_hessian", OPTION_NUMBER, FIELD(min_child_weight), 0,
     1e15, NULL, "1", "least sum of hessians in a leaf"},
    {"min_data_in_leaf", "min_child_samples|min_samples_leaf|min_data", OPTION_INTEGER, FIELD(min_child_rows),
     0, 1e9, NULL, "1", "least rows in a leaf"},
    {"lambda", "lambda_l2|reg_lambda|l2_regularization", OPTION_NUMBER, FIELD(lambda), 0, 1e15, NULL, "1",
     "L2 penalty on leaf values"},
    {"alpha", NULL, OPTION_NUMBER, FIELD(alpha), 0, 1e15, NULL, "0",
     "L1 penalty on leaf values; with LightGBM's objectives quantile and huber the quantile or slope, as "
     "there"},
    {"lambda_l1", "reg_alpha", OPTION_NUMBER, FIELD(lambda_l1), 0, 1e15, NULL, "0",
     "L1 penalty on leaf values"},
    {"gamma", "min_gain_to_split|min_split_loss|min_split_gain", OPTION_NUMBER, FIELD(gamma), 0, 1e30, NULL,
     "0", "least gain of a split"},
    {"max_delta_step", NULL, OPTION_NUMBER, FIELD(max_delta_step), 0, 1e15, NULL,
     "(0.7 for count:poisson, else 0)", "largest leaf value before shrinkage, 0 for no limit"},
    {"subsample", "bagging_fraction|sub_row|bagging", OPTION_NUMBER, FIELD(subsample), 1e-6, 1, NULL, "1",
     "share of rows per tree"},
    {"colsample_bytree", "feature_fraction|sub_feature", OPTION_NUMBER, FIELD(colsample), 1e-6, 1, NULL, "1",
     "share of features per tree"},
    {"colsample_bynode", "feature_fraction_bynode", OPTION_NUMBER, FIELD(colsample_bynode), 1e-6, 1, NULL,
     "1", "share of the tree's features per split"},
    {"max_bin", "max_bins", OPTION_INTEGER, FIELD(max_bin), 2, ATHLETE_MAX_BIN + 1, NULL, "255",
     "bins per feature; 256, as XGBoost has it, are 255 and that of what is missing"},
    {"quantile_alpha", NULL, OPTION_NUMBERS, FIELD(quantile), 1e-6, 1 - 1e-6, NULL, "0.5",
     "quantile of reg:quantileerror, or several, ascending: one output for each, of which none crosses the "
     "next"},
    {"huber_slope", NULL, OPTION_NUMBER, FIELD(huber_slope), 1e-9, 1e15, NULL, "1",
     "of reg:pseudohubererror and huber, where the loss turns from square to linear"},
    {"tweedie_variance_power", NULL, OPTION_NUMBER, FIELD(variance_power), 1, 2 - 1e-6, NULL, "1.5",
     "of reg:tweedie: the variance is the mean to this power, 1 as for counts, near 2 as for reg:gamma"},
    {"num_class", NULL, OPTION_INTEGER, FIELD(n_classes), 2, TRAIN_MAX_CLASSES, NULL, NULL,
     "classes of multi:softprob; left out, the labels are their names"},
    {"scale_pos_weight", NULL, OPTION_NUMBER, FIELD(positive_weight), 1e-6, 1e6, NULL, "1",
     "weight of rows with label 1 for binary:logistic"},
    {"seed", "random_state|random_seed", OPTION_INTEGER, FIELD(seed), 0, 9007199254740992.0, NULL, "0",
     "of subsample and colsample"},
    {"base_score", NULL, OPTION_NUMBER, FIELD(base_score), -1e30, 1e30, NULL, "(the best constant)",
     "first prediction"},
    {"feature_names", "feature_name", OPTION_JSON, FIELD(feature_names), 0, 0, NULL, NULL,
     "list of names, one per column after the label"},
    {"weight", "weight_column", OPTION_COLUMN, FIELD(weight), 0, 0, NULL, NULL,
     "column (name, or position from 1 after the label; under LightGBM's name from 0) of row weights, 0 or "
     "more; 2 is the row twice"},
    {"validation", NULL, OPTION_COLUMN, FIELD(validation), 0, 0, NULL, NULL,
     "column with 1 in rows that are not trained on and tell the loss of each round, 0 in the others"},
    {"categorical_features", "categorical_feature", OPTION_JSON, FIELD(categorical_features), 0, 0, NULL,
     NULL,
     "list of columns (as for weight) whose values are names; those with text that is no number are without "
     "being listed"},
    {"max_cat_to_onehot", NULL, OPTION_INTEGER, FIELD(max_cat_to_onehot), 1, 255, NULL, "4",
     "with so many categories or fewer, one is parted from the others"},
    {"max_cat_threshold", NULL, OPTION_INTEGER, FIELD(max_cat_threshold), 1, 255, NULL, "32",
     "most categories on the smaller side of a split"},
    {"cat_smooth", NULL, OPTION_NUMBER, FIELD(cat_smooth), 0, 1e15, NULL,
     "(10, less of few names, and fewer rows where they tell enough)",
     "added to a category's hessian when categories are sorted; of those with fewer rows in a node, or fewer "
     "than two thirds of the mean, none is in a set; left out, (k - 1) / 64 of it for k names of up to 64, "
     "and less of names with fewer rows in all, where the mean of these tells more of them than of chance"},
    {"cat_l2", NULL, OPTION_NUMBER, FIELD(cat_l2), 0, 1e15, NULL, "(10, less of few names)",
     "added to lambda in splits of sorted categories; left out, (k - 1) / 64 of it for k names of up to 64"},
    {"monotone_constraints", NULL, OPTION_JSON, FIELD(monotone_constraints), 0, 0, NULL, NULL,
     "1, -1 or 0 for each feature: list, or object by name; 1 never falls as the feature rises"},
    {"interaction_constraints", NULL, OPTION_JSON, FIELD(interaction_constraints), 0, 0, NULL, NULL,
     "lists of features (names, or positions from 0) that may meet on a path of a tree"},
    {"previous", "xgb_model|init_model|input_model", OPTION_OBJECT, FIELD(previous), 0, 0, NULL, NULL,
     "a model, json(model) in SQL, that training goes on from: num_boost_round more rounds, on the same "
     "features and "
     "outputs, after those that it has"},
    {"nthread", "num_threads|n_jobs", OPTION_INTEGER, FIELD(threads), -1, 1024, NULL, "0",
     "threads, 0 or -1 for all processors; they change no byte of the model"},
    {"memory_limit_mb", NULL, OPTION_INTEGER, FIELD(memory_limit_mb), 1, 1048576, NULL, "4096",
     "MiB for one model"},
    {.name = NULL},
};

/* Under which of its names. */
static const char *given_objective(const train_options *options) {
    return kind_of_name[options->objective_name] == OBJECTIVE_HUBER ? "huber"
           : options->objective_name == LIGHTGBM_QUANTILE           ? "quantile"
                                                                    : "";
}

/* The row of the table that has this name. */
static int row_of(const char *name) {
    int row = 0;
    while (strcmp(train_options_table[row].name, name) != 0) row++;
    return row;
}

int train_options_given(const train_options *options, const char *name) {
    return options->given[row_of(name)];
}

bool train_options_changed(const train_options *options, const char *name) {
    int row = row_of(name);
    return options->given[row] && !option_is_default(&train_options_table[row], options);
}

/* Options of some objectives alone; elsewhere they would do nothing, and whoever gives one expects something of it. */
static athlete_status check_objective_options(const train_options *options, athlete_fault *fault) {
    static const struct {
        const char *option, *for_objectives;
        unsigned kinds;
    } owned[] = {
        {"quantile_alpha", "reg:quantileerror", 1u << OBJECTIVE_QUANTILE_ERROR},
        {"huber_slope", "reg:pseudohubererror and huber",
         1u << OBJECTIVE_PSEUDO_HUBER | 1u << OBJECTIVE_HUBER},
        {"tweedie_variance_power", "reg:tweedie", 1u << OBJECTIVE_TWEEDIE},
        {"scale_pos_weight", "binary:logistic", 1u << OBJECTIVE_LOGISTIC},
        {"num_class", "multi:softprob", 1u << OBJECTIVE_SOFTMAX},
    };
    const objective *o = &options->objective;
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) {
        if (!train_options_changed(options, owned[i].option) || owned[i].kinds >> o->kind & 1) continue;
        return fault_refuse(fault, "option \"%s\" is for %s, the objective is %s", owned[i].option,
                            owned[i].for_objectives, objective_name(o));
    }
    return ATHLETE_OK;
}

/* Under the names that LightGBM has for them, quantile and huber take their level and slope from its "alpha". */
static athlete_status settle_alpha(train_options *options, athlete_fault *fault) {
    int is_quantile = strcmp(given_objective(options), "quantile") == 0,
        is_huber = strcmp(given_objective(options), "huber") == 0;
    bool alpha = train_options_given(options, "alpha");
    const char *other = is_quantile ? "quantile_alpha" : is_huber ? "huber_slope" : "lambda_l1";
    if (alpha && train_options_given(options, other))
        return fault_refuse(fault, "options \"alpha\" and \"%s\" are the same one", other);
    if (!is_quantile && !is_huber) {
        options->l1 = alpha ? options->alpha : options->lambda_l1;
        return ATHLETE_OK;
    }
    options->l1 = options->lambda_l1;
    if (!alpha) return ATHLETE_OK;
    if (is_quantile ? options->alpha < 1e-6 || options->alpha > 1 - 1e-6 : options->alpha < 1e-9) {
        sqlite3_str *out = sqlite3_str_new(NULL);
        sqlite3_str_appendf(out, "option \"alpha\" is the %s of the objective %s and must be %s, got %!.15g",
                            is_quantile ? "quantile" : "slope", is_quantile ? "quantile" : "huber",
                            is_quantile ? "above 0 and below 1" : "above 0", options->alpha);
        return fault_refuse_str(fault, out);
    }
    if (is_quantile) options->quantile = (option_numbers){{options->alpha}, 1};
    else options->huber_slope = options->alpha;
    return ATHLETE_OK;
}

static bool metric_suits(metric_kind kind, const objective *o) {
    switch (kind) {
    case METRIC_RMSE:
    case METRIC_MAE: return objective_outputs(o) == 1;
    case METRIC_ERROR:
    case METRIC_AUC: return o->kind == OBJECTIVE_LOGISTIC;
    case METRIC_CLASS_ERROR: return o->kind == OBJECTIVE_SOFTMAX;
    case METRIC_OF_OBJECTIVE: break;
    }
    return false;
}

/* The metric that the objective has without being asked is none to compute beside it. */
static athlete_status settle_metric(train_options *options, athlete_fault *fault) {
    const objective *o = &options->objective;
    if (options->metric_name < 0 || strcmp(metrics[options->metric_name].name, objective_metric(o)) == 0)
        return ATHLETE_OK;
    options->metric = metrics[options->metric_name].kind;
    if (metric_suits(options->metric, o)) return ATHLETE_OK;
    return fault_refuse(fault,
                        "option \"eval_metric\" is %s, which is none of the objective %s with %d outputs",
                        metrics[options->metric_name].name, objective_name(o), objective_outputs(o));
}

const char *train_options_metric(const train_options *options) {
    return options->metric == METRIC_OF_OBJECTIVE ? objective_metric(&options->objective)
                                                  : metrics[options->metric_name].name;
}

/* LightGBM's trees have no depth but what is asked for. */
static athlete_status check_leaves(const train_options *options, athlete_fault *fault) {
    double most = ldexp(1, (int)options->max_depth); /* infinite where it is given and great */
    if (train_options_given(options, "max_depth") || (double)options->max_leaves <= most) return ATHLETE_OK;
    return fault_refuse(
        fault, "option \"max_leaves\" is %d, trees have %d at most without \"max_depth\", 0 is no limit",
        (int)options->max_leaves, (int)most);
}

/* What no single row of the table can say. */
static athlete_status check(const train_options *options, athlete_fault *fault) {
    const objective *o = &options->objective;
    if (o->n_levels > 1 && options->monotone_constraints)
        return fault_refuse(fault, "option \"monotone_constraints\" is for one quantile, there are %d",
                            o->n_levels);
    athlete_status status = check_leaves(options, fault);
    if (status == ATHLETE_OK) status = check_objective_options(options, fault);
    if (status != ATHLETE_OK) return status;
    if (isnan(options->base_score) || !isnan(objective_margin_of(o, options->base_score))) return ATHLETE_OK;
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "option \"base_score\" must be %s for %s, got %!.15g",
                        o->kind == OBJECTIVE_LOGISTIC            ? "a probability from 0 to 1"
                        : objective_link(o) == MODEL_EXPONENTIAL ? "a rate above 1e-30"
                                                                 : "left out",
                        objective_name(o), options->base_score);
    return fault_refuse_str(fault, out);
}

static objective objective_of(const train_options *options) {
    objective_kind kind = kind_of_name[options->objective_name];
    objective o = {
        .kind = kind,
        .quantile = kind == OBJECTIVE_QUANTILE_ERROR ? options->quantile.x[0] : 0.5,
        .slope = options->huber_slope,
        .positive_weight = options->positive_weight,
        .max_delta_step = options->max_delta_step,
        .variance_power = options->variance_power,
        .n_classes = (int)options->n_classes,
        .friedman_hessians = options->objective_name == LIGHTGBM_CLASSES,
        .n_levels = kind == OBJECTIVE_QUANTILE_ERROR ? options->quantile.n : 1,
    };
    for (int k = 0; k < o.n_levels && k < OBJECTIVE_MOST_LEVELS; k++) o.levels[k] = options->quantile.x[k];
    return o;
}

athlete_status train_options_read(const char *json, train_options *options, athlete_fault *fault) {
    *options = (train_options){
        .max_delta_step = NAN, .base_score = NAN, .cat_smooth = NAN, .cat_l2 = NAN, .metric_name = -1};
    athlete_status status = options_read_given(train_options_table, json, options, options->given, fault);
    if (status == ATHLETE_OK) status = settle_alpha(options, fault);
    if (status != ATHLETE_OK) return status;
    if (options->max_depth < 0) options->max_depth = 0;
    if (options->threads < 0) options->threads = 0;
    if (options->max_bin > ATHLETE_MAX_BIN) options->max_bin = ATHLETE_MAX_BIN;
    if (isnan(options->max_delta_step))
        options->max_delta_step = kind_of_name[options->objective_name] == OBJECTIVE_POISSON ? 0.7 : 0;
    options->objective = objective_of(options);
    status = check(options, fault);
    return status == ATHLETE_OK ? settle_metric(options, fault) : status;
}

void train_options_free(train_options *options) {
    char **texts[] = {&options->feature_names,
                      &options->weight,
                      &options->validation,
                      &options->categorical_features,
                      &options->monotone_constraints,
                      &options->interaction_constraints,
                      &options->previous};
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
                        .alpha = options->l1,
                        .min_gain = options->gamma,
                        .min_child_weight = options->min_child_weight,
                        .min_child_rows = options->min_child_rows,
                        .cat_smooth = isnan(options->cat_smooth) ? CAT_SMOOTH : options->cat_smooth,
                        .cat_smooth_adapts = isnan(options->cat_smooth),
                        .cat_l2 = isnan(options->cat_l2) ? CAT_L2 : options->cat_l2,
                        .cat_l2_adapts = isnan(options->cat_l2),
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
        .metric = options->metric,
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

static void write_levels(text_buffer *out, const objective *o) {
    if (o->n_levels == 1) {
        write_number(out, "quantile_alpha", o->quantile);
        return;
    }
    write_name(out, "quantile_alpha");
    for (int k = 0; k < o->n_levels; k++) {
        text_add(out, k == 0 ? "[" : ",");
        text_add_float(out, (float)o->levels[k]);
    }
    text_add(out, "]");
}

void train_options_write(const train_options *options, bool has_names, int rounds_before, text_buffer *out) {
    const objective *o = &options->objective;
    write_text(out, "objective", o->friedman_hessians ? "multiclass" : objective_name(o));
    if (o->kind == OBJECTIVE_QUANTILE_ERROR) write_levels(out, o);
    if (o->kind == OBJECTIVE_PSEUDO_HUBER || o->kind == OBJECTIVE_HUBER)
        write_number(out, "huber_slope", o->slope);
    if (o->kind == OBJECTIVE_TWEEDIE) write_number(out, "tweedie_variance_power", o->variance_power);
    if (o->kind == OBJECTIVE_SOFTMAX) write_integer(out, "num_class", o->n_classes);
    if (o->kind == OBJECTIVE_LOGISTIC) write_number(out, "scale_pos_weight", o->positive_weight);
    write_integer(out, "num_boost_round", options->rounds);
    if (options->early_stopping_rounds > 0)
        write_integer(out, "early_stopping_rounds", options->early_stopping_rounds);
    if (options->metric != METRIC_OF_OBJECTIVE) write_text(out, "eval_metric", train_options_metric(options));
    write_number(out, "eta", options->eta);
    write_integer(out, "max_depth", options->max_depth);
    write_integer(out, "max_leaves", options->max_leaves);
    write_text(out, "grow_policy", options->grow_policy == 1 ? "lossguide" : "depthwise");
    write_number(out, "min_child_weight", options->min_child_weight);
    write_integer(out, "min_data_in_leaf", options->min_child_rows);
    write_number(out, "lambda", options->lambda);
    write_number(out, o->kind == OBJECTIVE_HUBER ? "lambda_l1" : "alpha", options->l1);
    write_number(out, "gamma", options->gamma);
    if (options->max_delta_step > 0) write_number(out, "max_delta_step", options->max_delta_step);
    write_number(out, "subsample", options->subsample);
    write_number(out, "colsample_bytree", options->colsample);
    write_number(out, "colsample_bynode", options->colsample_bynode);
    write_integer(out, "max_bin", options->max_bin);
    if (has_names) {
        write_integer(out, "max_cat_to_onehot", options->max_cat_to_onehot);
        write_integer(out, "max_cat_threshold", options->max_cat_threshold);
        if (!isnan(options->cat_smooth)) write_number(out, "cat_smooth", options->cat_smooth);
        if (!isnan(options->cat_l2)) write_number(out, "cat_l2", options->cat_l2);
    }
    bool theirs = train_options_given(options, "weight") > 1;
    write_json(out, theirs ? "weight_column" : "weight", options->weight);
    write_json(out, "validation", options->validation);
    theirs = train_options_given(options, "categorical_features") > 1;
    write_json(out, theirs ? "categorical_feature" : "categorical_features", options->categorical_features);
    write_json(out, "monotone_constraints", options->monotone_constraints);
    write_json(out, "interaction_constraints", options->interaction_constraints);
    if (rounds_before > 0) {
        write_name(out, "previous");
        text_add(out, "{\"rounds\":");
        text_add_integer(out, rounds_before);
        text_add(out, "}");
    }
    if (!isnan(options->base_score)) write_number(out, "base_score", options->base_score);
    write_integer(out, "seed", options->seed);
    text_add(out, "}");
}
