/* The table of everything that this folder adds to SQL. */
#include "trees/model_rows_sql.h"
#include "trees/scorer/model_cache.h"
#include "trees/trainer/train_options_sql.h"
#include "trees/trees_callbacks_sql.h"
#include "trees/trees_sql.h"

#define MODEL_ARGUMENT                                                                                       \
    { "model", ATHLETE_MODEL, 0, 0, 0, "the JSON text of a model of gbdt_train or XGBoost" }
#define REGISTERED_MODEL_ARGUMENT                                                                            \
    {                                                                                                        \
        "model", ATHLETE_MODEL, 0, 0, 0,                                                                     \
            "the JSON text of a model of gbdt_train or XGBoost, or one of the registry: name@alias, "        \
            "name/version"                                                                                   \
    }
#define FEATURE_ARGUMENT                                                                                     \
    {                                                                                                        \
        "feature", ATHLETE_ANY, ATHLETE_NULLABLE | ATHLETE_REPEATED, 0, 0,                                   \
            "as in training and in the same order: a number, or the name of a category, as text; NULL and "  \
            "a category that was not seen in training are missing"                                           \
    }
#define ROWS_ARGUMENT                                                                                        \
    {                                                                                                        \
        "query", ATHLETE_QUERY, 0, 0, 0,                                                                     \
            "gives key, feature, … for each row; a model with feature names finds its features by the "    \
            "names of the columns, in any order and among others, one without by their order; NULL is "      \
            "missing"                                                                                        \
    }
#define ROWS_OPTIONS                                                                                         \
    { "options", ATHLETE_OPTIONS, ATHLETE_OPTIONAL, 0, 0, "JSON: match (name, position)" }
#define ROWS_ERRORS                                                                                          \
    "the model is not a valid one, with the place in it; the query's columns are not the model's features; " \
    "a value that is neither a number in the range of float32 nor NULL; a path of the model that asks for "  \
    "more than 256 different features"
#define MODEL_ERRORS                                                                                         \
    "the model is not a valid one, with the place in it; it is of a kind that is not supported (several "    \
    "targets, DART, linear; a LightGBM text needs gbdt_import); another number of features than the model "  \
    "has; a feature that is no number in the range of float32 and not the name of a category, by its "       \
    "number and name"

#define LABEL_MEANING                                                                                        \
    "a number; from 0 to 1 for binary:logistic, at least 0 for count:poisson and reg:tweedie, above 0 for "  \
    "reg:gamma, the class (0, 1, …) for multi:softprob; for both of classes also their names as text, "    \
    "which "                                                                                                 \
    "the model keeps, in the order of their bytes"
#define FEATURE_MEANING                                                                                      \
    "a number, or text in a column of categories; NULL is missing and goes where it helps most"
#define TRAINING_ERRORS                                                                                      \
    "an unknown option; a label that is NULL or not a finite number, a feature that is neither NULL, a "     \
    "finite number nor text, text and numbers in one column, by the number of the row; more memory than "    \
    "memory_limit_mb"
#define TRAINING_SOURCE                                                                                      \
    "Chen and Guestrin, KDD 2016, equations 6 and 7; histograms as in Ke et al. (LightGBM), NIPS 2017"

static const athlete_function trees_functions[] = {
    {
        .name = "gbdt_train",
        .example = "SELECT length(gbdt_train('{\"num_boost_round\": 2}', column2, column1)) > 0 FROM (VALUES "
                   "(1, 5.0), (2, 5.5), (3, 6.1))",
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
        .example = "SELECT rows, rounds, metric FROM gbdt_fit('{\"num_boost_round\": 2}', 'SELECT column2, "
                   "column1 FROM (VALUES (1, 5.0), (2, 5.5), (3, 6.1))')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments =
            ATHLETE_ARGUMENTS({"options", ATHLETE_OPTIONS, 0, 0, 0, "JSON, those of gbdt_train"},
                              {"query", ATHLETE_QUERY, 0, 0, 0,
                               "gives a label and features, whose column names become the feature names"}),
        .summary = "Trains a gradient-boosted forest on the rows of a query: the same bytes as gbdt_train "
                   "with these feature names, for as many columns as SQLite can select.",
        .errors = TRAINING_ERRORS,
        .source = TRAINING_SOURCE,
        .table = &gbdt_fit_table,
        .options = train_options_table,
    },
    {
        .name = "gbdt_options_fault",
        .example = "SELECT gbdt_options_fault('{\"eta\": 7}', 2)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            {"options", ATHLETE_TEXT, 0, 0, 0, "JSON, for gbdt_train"},
            {"n_features", ATHLETE_INTEGER, 0, 1, 2000, "how many features it will be given"}),
        .summary = "What gbdt_train would say of these options, for options that came as data.",
        .returns = "text, the sentence; NULL if gbdt_train takes them",
        .scalar = gbdt_options_fault_scalar,
    },
    {
        .name = "gbdt_predict",
        .example = "SELECT gbdt_predict(gbdt_train('{}', column2, column1), 2) FROM (VALUES (1, 5.0), (2, "
                   "5.5), (3, 6.1))",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(MODEL_ARGUMENT, FEATURE_ARGUMENT),
        .summary = "A model's prediction for one row, with the float32 bits that XGBoost computes.",
        .returns =
            "the estimate; for binary:logistic the probability of 1, or of the second name, for several "
            "classes the name of the likeliest, or its number from 0, the first of equal ones; NULL "
            "without a model",
        .errors = MODEL_ERRORS,
        .source = "XGBoost's predictor: x < threshold in float32 goes left, leaves are added in the order of "
                  "the trees",
        .scalar = gbdt_predict_scalar,
    },
    {
        .name = "gbdt_margin",
        .example =
            "SELECT gbdt_margin(gbdt_train('{\"objective\": \"binary:logistic\", \"min_child_weight\": 0}', "
            "column2, column1), 3) FROM (VALUES (1, 0), (2, 0), (3, 1), (4, 1))",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(MODEL_ARGUMENT, FEATURE_ARGUMENT),
        .summary =
            "A model's prediction before the last step: the sum of leaves, log odds for binary:logistic.",
        .returns = "the margin; NULL without a model",
        .errors = MODEL_ERRORS "; several outputs, which gbdt_score gives",
        .scalar = gbdt_margin_scalar,
    },
    {
        .name = "gbdt_export",
        .example = "SELECT substr(gbdt_export(gbdt_train('{\"num_boost_round\": 1}', column2, column1), "
                   "'lightgbm'), 1, 15) FROM (VALUES (1, 5.0), (2, 5.5), (3, 6.1))",
        .kind = ATHLETE_SCALAR,
        .arguments =
            ATHLETE_ARGUMENTS(MODEL_ARGUMENT, {"format", ATHLETE_TEXT, 0, 0, 0, "'xgboost' or 'lightgbm'"}),
        .summary = "A model as the text that another library loads.",
        .returns = "text: for 'xgboost' the model itself, for 'lightgbm' a text in which every double goes "
                   "the way it goes here; NULL without a model",
        .errors = "the model is not a valid one, with the place in it; many splits by category under one "
                  "another in which missing values go with the categories, which LightGBM cannot express",
        .source = "Ke et al. (LightGBM), NIPS 2017; the formats of XGBoost 1.7 to 3.2 and LightGBM 4",
        .scalar = gbdt_export_scalar,
    },
    {
        .name = "gbdt_slice",
        .example = "SELECT gbdt_predict(gbdt_slice(gbdt_train('{}', column2, column1), '[0, 3]'), 2) FROM "
                   "(VALUES (1, 5.0), (2, 5.5), (3, 6.1))",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(MODEL_ARGUMENT,
                                       {"iteration_range", ATHLETE_TEXT, 0, 0, 0, "JSON, " MODEL_ROWS_RANGE}),
        .summary = "Some rounds of a model as a model of their own, as XGBoost slices a Booster.",
        .returns = "text, the model in XGBoost's JSON format, without the history of its training; NULL "
                   "without a model",
        .errors =
            "the model is not a valid one, with the place in it; a range that is none of its rounds, or "
            "has none",
        .source = "XGBoost's Booster.__getitem__",
        .scalar = gbdt_slice_scalar,
    },
    {
        .name = "gbdt_import",
        .example = "SELECT gbdt_predict(gbdt_import(gbdt_export(gbdt_train('{}', column2, column1), "
                   "'lightgbm')), 2) FROM (VALUES (1, 5.0), (2, 5.5), (3, 6.1))",
        .kind = ATHLETE_SCALAR,
        .arguments =
            ATHLETE_ARGUMENTS({"text", ATHLETE_TEXT, 0, 0, 0, "a LightGBM model, as save_model writes it"}),
        .summary = "A LightGBM model as the JSON text that all functions take.",
        .returns = "text, the model in XGBoost's JSON format: the same leaf for every value that is a "
                   "float32, with its value as float32; NULL without a text",
        .errors = "the text is not a valid model, with the place in it; linear trees, zeros that are missing "
                  "values and go the other way than their neighbours, objectives with an output of their own",
        .source = "x <= threshold in double is x < the next float32 above it, for every float32 x",
        .scalar = gbdt_import_scalar,
    },
    {
        .name = "gbdt_score",
        .example = "SELECT * FROM gbdt_score((SELECT gbdt_train('{\"num_boost_round\": 1, \"max_depth\": "
                   "1}', column2, column1) FROM (VALUES (1, 5.0), (2, 5.5), (3, 6.1))), 'SELECT 1, 2.5')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            REGISTERED_MODEL_ARGUMENT, ROWS_ARGUMENT,
            {"options", ATHLETE_OPTIONS, ATHLETE_OPTIONAL, 0, 0,
             "JSON: output (value, margin, probabilities, leaf), match (name, position), nthread"}),
        .summary = "A model's predictions for all rows of a query, in its order and many at a time: the same "
                   "numbers as gbdt_predict, gbdt_margin, several times as fast.",
        .errors = MODEL_ERRORS
        "; a feature without a column of its name; the number of the row where a value is refused",
        .source =
            "the forest is compiled into comparisons of bytes, 32 rows at a time (ext/trees/scorer/scorer.h)",
        .table = &gbdt_score_table,
        .options = score_options_table,
    },
    {
        .name = "gbdt_explain",
        .example = "SELECT * FROM gbdt_explain((SELECT gbdt_train('{\"num_boost_round\": 1, \"max_depth\": "
                   "1}', column2, column1) FROM (VALUES (1, 5.0), (2, 5.5), (3, 6.1))), 'SELECT 1, 2.5')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(REGISTERED_MODEL_ARGUMENT, ROWS_ARGUMENT, ROWS_OPTIONS),
        .summary = "Why a model predicts what it does: per row of the query, output and feature the "
                   "feature's SHAP value, exact and path-dependent, and with a feature of NULL the base "
                   "value; they sum to the margin.",
        .errors = ROWS_ERRORS,
        .source = "Lundberg et al., Nature Machine Intelligence 2020, algorithm 2; the integral of Owen, "
                  "Management Science 1972, by Gauss-Legendre quadrature",
        .table = &gbdt_explain_table,
        .options = model_rows_options,
    },
    {
        .name = "gbdt_interactions",
        .example =
            "SELECT * FROM gbdt_interactions((SELECT gbdt_train('{\"num_boost_round\": 1, \"max_depth\": "
            "1}', column2, column1) FROM (VALUES (1, 5.0), (2, 5.5), (3, 6.1))), 'SELECT 1, 2.5')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(REGISTERED_MODEL_ARGUMENT, ROWS_ARGUMENT, ROWS_OPTIONS),
        .summary = "SHAP values taken apart: what two features do together is halved between (a, b) and (b, "
                   "a), what one does alone is in (a, a), and a feature's rows sum to its SHAP value.",
        .errors = ROWS_ERRORS,
        .source = "Lundberg et al., Nature Machine Intelligence 2020, equations 5 to 7",
        .table = &gbdt_interactions_table,
        .options = model_rows_options,
    },
    {
        .name = "gbdt_importance",
        .example = "SELECT feature, weight, round(gain, 3) AS gain FROM gbdt_importance((SELECT "
                   "gbdt_train('{\"num_boost_round\": 1, \"max_depth\": 1}', column2, column1) FROM (VALUES "
                   "(1, 5.0), (2, 5.5), (3, 6.1))))",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(REGISTERED_MODEL_ARGUMENT,
                                       {"query", ATHLETE_QUERY, ATHLETE_OPTIONAL, 0, 0,
                                        "gives rows as for gbdt_explain; without it mean_abs_shap is NULL"},
                                       ROWS_OPTIONS),
        .summary = "What each feature that a model asks for is worth: weight (splits), gain and cover (means "
                   "over them) and their totals as XGBoost's get_score has them; and the mean size of its "
                   "SHAP values over the query's rows, added up over outputs.",
        .errors = ROWS_ERRORS,
        .source = "XGBoost, Booster.get_score; Lundberg et al., Nature Machine Intelligence 2020",
        .table = &gbdt_importance_table,
        .options = model_rows_options,
    },
    {
        .name = "gbdt_trees",
        .example = "SELECT node, feature, split, yes, no, gain FROM gbdt_trees((SELECT "
                   "gbdt_train('{\"num_boost_round\": 1, \"max_depth\": 1}', column2, column1) FROM (VALUES "
                   "(1, 5.0), (2, 5.5), (3, 6.1))))",
        .kind = ATHLETE_TABLE,
        .arguments = ATHLETE_ARGUMENTS(MODEL_ARGUMENT),
        .summary = "A model's nodes, one per row, as in XGBoost's trees_to_dataframe: a split asks feature < "
                   "split, or whether its category is in the list; a leaf has its value in leaf.",
        .errors = "the model is not a valid one, with the place in it",
        .source = "XGBoost, Booster.trees_to_dataframe",
        .table = &gbdt_trees_table,
    },
    {.name = NULL},
};

const athlete_domain athlete_trees = {
    .name = "trees",
    .functions = trees_functions,
    .state_open = text_cache_open,
    .state_close = text_cache_close,
};
