/* The table of everything that this folder adds to SQL. */
#include "trees/model_cache.h"
#include "trees/train_options_sql.h"
#include "trees/trees_callbacks.h"
#include "trees/trees_sql.h"

#define MODEL_ARGUMENT                                                                                       \
    { "model", ATHLETE_MODEL, 0, 0, 0, "the JSON text of a model of gbdt_train or XGBoost" }
#define FEATURE_ARGUMENT                                                                                     \
    {                                                                                                        \
        "feature", ATHLETE_NUMBER, ATHLETE_NULLABLE | ATHLETE_REPEATED, 0, 0,                                \
            "as in training and in the same order; NULL is missing"                                          \
    }
#define MODEL_ERRORS                                                                                         \
    "the model is not a valid one, with the place in it; it is of a kind that is not supported (several "    \
    "classes, "                                                                                              \
    "categories, DART, linear); another number of features than the model has"

#define LABEL_MEANING                                                                                        \
    "a number; from 0 to 1 for binary:logistic, at least 0 for count:poisson, the class (0, 1, …) for "    \
    "multi:softprob"
#define FEATURE_MEANING                                                                                      \
    "a number, or text in a column of categories; NULL is missing and goes where it helps most"
#define TRAINING_ERRORS                                                                                      \
    "an unknown option; a label that is NULL or not a finite number, a feature that is neither NULL, a "     \
    "finite number "                                                                                         \
    "nor text, text and numbers in one column, by the number of the row; more memory than memory_limit_mb"
#define TRAINING_SOURCE                                                                                      \
    "Chen and Guestrin, KDD 2016, equations 6 and 7; histograms as in Ke et al. (LightGBM), NIPS 2017"

static const athlete_function functions[] = {
    {
        .name = "gbdt_train",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(
            {"options", ATHLETE_OPTIONS, ATHLETE_NULLABLE, 0, 0,
             "JSON, the same in every row of a group; SELECT * FROM athlete_options lists them"},
            {"label", ATHLETE_ANY, ATHLETE_NULLABLE, 0, 0, LABEL_MEANING},
            {"feature", ATHLETE_ANY, ATHLETE_NULLABLE | ATHLETE_REPEATED, 0, 0, FEATURE_MEANING}),
        .summary = "Trains a gradient-boosted forest on the rows of a group; the same rows in any order give "
                   "the same bytes.",
        .returns = "text, the model in XGBoost's JSON format; NULL for no rows",
        .errors = TRAINING_ERRORS,
        .source = TRAINING_SOURCE,
        .step = gbdt_train_step,
        .final = gbdt_train_final,
        .options = train_options_table,
    },
    {
        .name = "gbdt_fit",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments =
            ATHLETE_ARGUMENTS({"options", ATHLETE_OPTIONS, 0, 0, 0, "JSON, those of gbdt_train"},
                              {"query", ATHLETE_QUERY, 0, 0, 0,
                               "gives a label and features, whose column names become the feature names"}),
        .summary = "Trains a gradient-boosted forest on the rows of a query: the same bytes as gbdt_train "
                   "with these "
                   "feature names, for as many columns as SQLite can select.",
        .errors = TRAINING_ERRORS,
        .source = TRAINING_SOURCE,
        .table = &gbdt_fit_table,
        .options = train_options_table,
    },
    {
        .name = "gbdt_predict",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(MODEL_ARGUMENT, FEATURE_ARGUMENT),
        .summary = "A model's prediction for one row, with the float32 bits that XGBoost computes.",
        .returns = "the estimate, a probability for binary:logistic; NULL without a model",
        .errors = MODEL_ERRORS,
        .source = "XGBoost's predictor: x < threshold in float32 goes left, leaves are added in the order of "
                  "the trees",
        .scalar = gbdt_predict,
    },
    {
        .name = "gbdt_margin",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(MODEL_ARGUMENT, FEATURE_ARGUMENT),
        .summary =
            "A model's prediction before the last step: the sum of leaves, log odds for binary:logistic.",
        .returns = "the margin; NULL without a model",
        .errors = MODEL_ERRORS,
        .scalar = gbdt_margin,
    },
    {
        .name = "time_series_split",
        .kind = ATHLETE_TABLE,
        .arguments = ATHLETE_ARGUMENTS(
            {"n", ATHLETE_INTEGER, 0, 1, 9007199254740992.0, "rows there are, in the order of time"},
            {"splits", ATHLETE_INTEGER, 0, 2, 1000000, "folds"},
            {"gap", ATHLETE_INTEGER, ATHLETE_OPTIONAL, 0, 9007199254740992.0,
             "rows left out between training and test; 0"},
            {"test_size", ATHLETE_INTEGER, ATHLETE_OPTIONAL, 1, 9007199254740992.0,
             "rows of a test; n / (splits + 1)"}),
        .summary =
            "Row numbers (from 0) to train and test on, fold by fold, each test after all it was trained on.",
        .errors = "too few rows for so many splits, tests and gap",
        .source = "scikit-learn, TimeSeriesSplit(n_splits, gap=gap, test_size=test_size)",
        .table = &time_series_split_table,
    },
    {
        .name = "time_series_split_dates",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments =
            ATHLETE_ARGUMENTS({"query", ATHLETE_QUERY, 0, 0, 0, "gives key, day ('YYYY-MM-DD') of each row"},
                              {"splits", ATHLETE_INTEGER, 0, 1, 1000000, "folds"},
                              {"embargo_days", ATHLETE_INTEGER, ATHLETE_OPTIONAL, 0, 1000000,
                               "trained on are days before the first day of the test minus this; 0"}),
        .summary = "Keys to train and test on, fold by fold: the distinct days are cut into splits + 1 "
                   "blocks, and each block "
                   "but the first is tested after training on what is at least the embargo older.",
        .errors = "fewer days than blocks; a fold that the embargo leaves nothing to train on; a day that is "
                  "no date",
        .source =
            "purging and embargo: Lopez de Prado, Advances in Financial Machine Learning, 2018, chapter 7",
        .table = &time_series_split_dates_table,
    },
    {.name = NULL},
};

const athlete_domain athlete_trees = {
    .name = "trees",
    .functions = functions,
    .state_open = model_cache_open,
    .state_close = model_cache_close,
};
