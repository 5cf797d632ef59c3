/* The table of functions that ask whether a model's figures can be believed. */
#include "validation/validation_sql.h"

#include "base/text/text_cache.h"
#include "validation/labelled_scores.h"
#include "validation/validation_callbacks_sql.h"

#define ACTUAL                                                                                               \
    { "actual", ATHLETE_NUMBER, 0, 0, 0, "any unit; what came" }
#define PREDICTED                                                                                            \
    { "predicted", ATHLETE_NUMBER, 0, 0, 0, "the same unit; what was said before" }
#define PROBABILITY                                                                                          \
    { "p", ATHLETE_NUMBER, 0, 0, 1, "probability of label 1" }
#define LABEL                                                                                                \
    { "label", ATHLETE_NUMBER, 0, 0, 1, "1 for a case that came true, else 0" }
#define TIMES_EXAMPLE "FROM (VALUES (5000, 4900), (2500, 2600), (1200, 1230))"
#define CASES_EXAMPLE "FROM (VALUES (0.1, 0), (0.4, 0), (0.35, 1), (0.8, 1))"
#define SKIPS_NULL    "rows with a NULL are skipped; NULL without others"

static const athlete_function validation_functions[] = {
    {
        .name = "time_series_split",
        .example = "SELECT * FROM time_series_split(4, 2)",
        .kind = ATHLETE_TABLE,
        .arguments = ATHLETE_ARGUMENTS(
            {"n", ATHLETE_INTEGER, 0, 1, 9007199254740992.0, "rows there are, in the order of time"},
            {"splits", ATHLETE_INTEGER, 0, 2, 1000000, "folds"},
            {"gap", ATHLETE_INTEGER, ATHLETE_OPTIONAL, 0, 9007199254740992.0,
             "rows left out between training and test"},
            {"test_size", ATHLETE_INTEGER, ATHLETE_OPTIONAL, 1, 9007199254740992.0, "rows of a test"}),
        .defaults = ATHLETE_DEFAULTS({"gap", "0"}, {"test_size", "(n / (splits + 1))"}),
        .summary =
            "Row numbers (from 0) to train and test on, fold by fold, each test after all it was trained on.",
        .errors = "too few rows for so many splits, tests and gap",
        .source = "scikit-learn, TimeSeriesSplit(n_splits, gap=gap, test_size=test_size)",
        .table = &time_series_split_table,
    },
    {
        .name = "time_series_split_dates",
        .example = "SELECT * FROM time_series_split_dates('SELECT column1, column2 FROM (VALUES (''a'', "
                   "''2024-01-01''), (''b'', ''2024-01-02''), (''c'', ''2024-01-03''))', 2)",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments =
            ATHLETE_ARGUMENTS({"query", ATHLETE_QUERY, 0, 0, 0, "gives key, day ('YYYY-MM-DD') of each row"},
                              {"splits", ATHLETE_INTEGER, 0, 1, 1000000, "folds"},
                              {"embargo_days", ATHLETE_INTEGER, ATHLETE_OPTIONAL, 0, 1000000,
                               "trained on are days before the first day of the test minus this"}),
        .defaults = ATHLETE_DEFAULTS({"embargo_days", "0"}),
        .summary =
            "Keys to train and test on, fold by fold: the distinct days are cut into splits + 1 blocks, and "
            "each block but the first is tested after training on what is at least the embargo older.",
        .errors = "fewer days than blocks; a fold that the embargo leaves nothing to train on; a day that is "
                  "no date",
        .source =
            "purging and embargo: Lopez de Prado, Advances in Financial Machine Learning, 2018, chapter 7",
        .table = &time_series_split_dates_table,
    },
    {
        .name = "group_split",
        .example =
            "SELECT * FROM group_split('VALUES (1, ''ann''), (2, ''ann''), (3, ''bo''), (4, ''cy'')', 2)",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"query", ATHLETE_QUERY, 0, 0, 0, "gives key, group (such as the athlete) of each row"},
            {"splits", ATHLETE_INTEGER, 0, 2, 10000, "folds"},
            {"seed", ATHLETE_INTEGER, ATHLETE_OPTIONAL, 0, 9007199254740992.0, "of the order of groups"}),
        .defaults = ATHLETE_DEFAULTS({"seed", "0"}),
        .summary = "Keys to train and test on, fold by fold, so that no group is in both: each group is "
                   "tested once, in "
                   "a fold that its value and the seed decide. There is no split of single rows at random: "
                   "days of one "
                   "athlete are alike, and a model would be asked what it was told.",
        .errors = "fewer groups than splits; a group that is NULL",
        .source = "scikit-learn, GroupKFold; groups come in an order of their own and not by their size",
        .table = &group_split_table,
    },
    {
        .name = "conformal_quantile",
        .example = "SELECT conformal_quantile(column1, 0.1) AS lower, conformal_quantile(column1, 0.9) AS "
                   "upper FROM "
                   "(VALUES (-4), (-2), (-1), (0), (0), (1), (2), (3), (9))",
        .kind = ATHLETE_AGGREGATE,
        .arguments =
            ATHLETE_ARGUMENTS({"score", ATHLETE_NUMBER, 0, 0, 0,
                               "any unit; of a case that the model has not seen, such as its residual"},
                              {"q", ATHLETE_NUMBER, ATHLETE_ABOVE_MIN | ATHLETE_BELOW_MAX, 0, 1,
                               "share of new cases to lie below it; below 0.5 for a lower bound"}),
        .summary = "The score that bounds a new case with the chance asked for, whatever the distribution: "
                   "that of rank "
                   "⌈(n + 1) q⌉, or ⌊(n + 1) q⌋ as a lower bound.",
        .returns =
            "the unit of score; NULL where the rows are too few to bound it; rows with a NULL are skipped",
        .errors = "a q that differs from row to row",
        .source = "Vovk, Gammerman & Shafer, Algorithmic Learning in a Random World, 2005; Lei et al. 2018, "
                  "J Am Stat Assoc 113:1094",
        .step = conformal_step,
        .final = conformal_final,
    },
    {
        .name = "mean_absolute_error",
        .example = "SELECT mean_absolute_error(column1, column2) " TIMES_EXAMPLE "",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS(ACTUAL, PREDICTED),
        .summary = "The mean distance of predictions from what came, an exact sum divided once.",
        .returns = "the unit of actual, 0 and more; " SKIPS_NULL,
        .source = "scikit-learn, mean_absolute_error",
        .step = absolute_error_step,
        .final = error_mean_value,
        .value = error_mean_value,
        .inverse = absolute_error_inverse,
    },
    {
        .name = "root_mean_squared_error",
        .example = "SELECT root_mean_squared_error(column1, column2) " TIMES_EXAMPLE "",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS(ACTUAL, PREDICTED),
        .summary = "The root of the mean squared distance of predictions from what came.",
        .returns = "the unit of actual, 0 and more; " SKIPS_NULL,
        .errors = "a distance whose square is too large for a number",
        .source = "scikit-learn, root_mean_squared_error",
        .step = squared_error_step,
        .final = error_root_value,
        .value = error_root_value,
        .inverse = squared_error_inverse,
    },
    {
        .name = "mean_absolute_percentage_error",
        .example = "SELECT mean_absolute_percentage_error(column1, column2) " TIMES_EXAMPLE "",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS(ACTUAL, PREDICTED),
        .summary = "The mean distance of predictions from what came as a share of the latter, which counts "
                   "as 2^-52 where it is less.",
        .returns = "a share, 0 and more: 0.05 for 5 %; " SKIPS_NULL,
        .errors = "a distance of more than 1e292 from 0",
        .source = "scikit-learn, mean_absolute_percentage_error",
        .step = percentage_error_step,
        .final = error_mean_value,
        .value = error_mean_value,
        .inverse = percentage_error_inverse,
    },
    {
        .name = "log_loss",
        .example = "SELECT log_loss(column1, column2) " CASES_EXAMPLE "",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS(PROBABILITY, LABEL),
        .summary =
            "The mean negative logarithm of the probability of what came true, each kept 2^-52 from 0 and 1.",
        .returns = "0 and more, at most 36.04; 0.693 for a p of 0.5 throughout; " SKIPS_NULL,
        .errors = "a label that is neither 0 nor 1",
        .source = "Good 1952, J. R. Stat. Soc. B 14:107; scikit-learn, log_loss",
        .step = log_loss_step,
        .final = error_mean_value,
        .value = error_mean_value,
        .inverse = log_loss_inverse,
    },
    {
        .name = "brier_score",
        .example = "SELECT brier_score(column1, column2) " CASES_EXAMPLE "",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS(PROBABILITY, LABEL),
        .summary = "The mean squared distance of probabilities from what came true.",
        .returns = "0 to 1, 0.25 for a p of 0.5 throughout; " SKIPS_NULL,
        .errors = "a label that is neither 0 nor 1",
        .source = "Brier 1950, Mon. Weather Rev. 78:1; scikit-learn, brier_score_loss",
        .step = brier_step,
        .final = error_mean_value,
        .value = error_mean_value,
        .inverse = brier_inverse,
    },
    {
        .name = "brier_skill",
        .example =
            "SELECT brier_skill(column1, column2), brier_skill(column1, column2, 0.2) " CASES_EXAMPLE "",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS(PROBABILITY, LABEL,
                                       {"reference", ATHLETE_NUMBER, ATHLETE_OPTIONAL, 0, 1,
                                        "probability to compare with, such as the share of label 1 in the "
                                        "training rows"}),
        .defaults = ATHLETE_DEFAULTS({"reference", "(the mean of these labels)"}),
        .summary = "How much of the Brier score of a reference the probabilities take away: 1 - Brier score "
                   "/ that of the reference.",
        .returns = "1 for certainty that is right, 0 for what the reference knows, below for less; NULL "
                   "where the reference has no error; " SKIPS_NULL,
        .errors = "a label that is neither 0 nor 1",
        .source = "Murphy 1973, J. Appl. Meteorol. 12:595",
        .step = brier_step,
        .final = brier_skill_value,
        .value = brier_skill_value,
        .inverse = brier_inverse,
    },
    {
        .name = "roc_auc",
        .example = "SELECT roc_auc(column1, column2) " CASES_EXAMPLE "",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(
            {"score", ATHLETE_NUMBER, 0, 0, 0, "any unit, higher for what is likelier to have label 1"},
            LABEL),
        .summary = "The chance that of two cases with different labels the one with label 1 has the higher "
                   "score, ties counting half: the area under the ROC curve.",
        .returns = "0 to 1, 0.5 for scores that say nothing; NULL without cases of both labels; rows with a "
                   "NULL are skipped",
        .errors = "a label that is neither 0 nor 1",
        .source = "Mann & Whitney 1947, Ann. Math. Stat. 18:50; scikit-learn, roc_auc_score",
        .step = roc_auc_step,
        .final = roc_auc_final,
    },
    {
        .name = "expected_calibration_error",
        .example = "SELECT expected_calibration_error(column1, column2, 2) " CASES_EXAMPLE "",
        .kind = ATHLETE_AGGREGATE,
        .arguments =
            ATHLETE_ARGUMENTS(PROBABILITY, LABEL,
                              {"bins", ATHLETE_INTEGER, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 1,
                               CALIBRATION_MOST_BINS, "bins of the probabilities"},
                              {"strategy", ATHLETE_TEXT, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0,
                               "'uniform' for bins of one width, 'quantile' for bins of equally many cases"}),
        .defaults = ATHLETE_DEFAULTS({"bins", "10"}, {"strategy", "uniform"}),
        .summary =
            "How far probabilities are from how often it came true: the mean over cases of the distance "
            "between mean p and share of label 1 in their bin. A p on an edge belongs to the bin below.",
        .returns = "0 to 1; " SKIPS_NULL,
        .errors = "a label that is neither 0 nor 1; bins or a strategy that differ from row to row",
        .source = "Naeini, Cooper & Hauskrecht 2015, AAAI, 2901; the bins of scikit-learn, calibration_curve",
        .step = calibration_error_step,
        .final = calibration_error_final,
    },
    {
        .name = "calibration_fit",
        .example = "SELECT calibration_fit('isotonic', column1, column2) " CASES_EXAMPLE "",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(
            {"method", ATHLETE_TEXT, 0, 0, 0,
             "'isotonic': steps that never fall; 'platt': a sigmoid of the score; 'logit': a sigmoid of the "
             "log odds of p"},
            {"p", ATHLETE_NUMBER, 0, 0, 0,
             "a score, of rows that its model has not seen; for logit a probability above 0 and below 1"},
            LABEL),
        .summary = "What turns scores into probabilities that keep their word, for calibrate.",
        .returns = "text, a JSON object: x and y of the steps, or a and b of 1 / (1 + exp(a score + "
                   "b)); " SKIPS_NULL,
        .errors =
            "a label that is neither 0 nor 1, or only one of the two; a method that differs from row to row",
        .source = "Zadrozny & Elkan 2002, KDD, 694; Platt 1999, Advances in Large Margin Classifiers, 61, "
                  "with Lin, Lin & Weng 2007, Mach. Learn. 68:267; scikit-learn, CalibratedClassifierCV",
        .step = calibration_fit_step,
        .final = calibration_fit_final,
    },
    {
        .name = "calibrate",
        .example =
            "SELECT calibrate((SELECT calibration_fit('isotonic', column1, column2) " CASES_EXAMPLE "), 0.6)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS({"model", ATHLETE_MODEL, 0, 0, 0, "the JSON text of calibration_fit"},
                                       {"p", ATHLETE_NUMBER, 0, 0, 0, "a score, as in the fit"}),
        .summary = "The probability that a score stands for. Between isotonic steps it is on the line, "
                   "outside of them at the "
                   "end's.",
        .returns = "0 to 1",
        .errors = "a text that is no calibration; for logit a score that is no probability",
        .source = "as calibration_fit",
        .scalar = calibrate_scalar,
    },
    {
        .name = "leakage_report",
        .example = "SELECT * FROM leakage_report('SELECT column1 AS y, ''2024-01-01'' AS t, column1 AS x "
                   "FROM (VALUES (1), (2), (3))', '{\"label\": \"y\", \"as_of\": \"t\", \"min_rows\": 2}')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"query", ATHLETE_QUERY, 0, 0, 0,
             "a training set: a label, a moment, features and if need be their times"},
            {"options", ATHLETE_OPTIONS, 0, 0, 0,
             "label and as_of (columns), available and window_end (columns by feature), exclude, auc, r2, "
             "min_rows"}),
        .summary =
            "What in a training set could not have been known at the label's time, feature by feature: "
            "values available too late, windows that the label lies in, features that tell the label "
            "too well, by their numbers, by their texts (cross-fitted over two halves) or by where they are "
            "missing; a label of texts by the class told best.",
        .errors = "a query without the columns that the options name; times written in different forms",
        .source = "Mann & Whitney 1947, Ann. Math. Stat. 18:50; Spearman 1904, Am. J. Psychol. 15:72; "
                  "Micci-Barreca 2001, SIGKDD Explor. 3:27",
        .table = &leakage_report_table,
        .options = leakage_options,
    },
    {
        .name = "block_bootstrap",
        .example = "SELECT block_bootstrap(column1, column2, '{\"seed\": 1}') FROM (VALUES (1.5, 'ann'), (2, "
                   "'ann'), "
                   "(-0.5, 'bo'), (1, 'cy'), (0.5, 'di'), (3, 'ed'), (1, 'flo'), (0.5, 'gus'))",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(
            {"difference", ATHLETE_NUMBER, 0, 0, 0,
             "any unit; of one row, such as the champion's error minus the challenger's"},
            {"block", ATHLETE_ANY, 0, 0, 0,
             "rows of one block depend on one another and are drawn together: an athlete, or 28 days of one"},
            {"options", ATHLETE_OPTIONS, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0,
             "resamples, seed, level, mean_of, method"}),
        .summary = "Whether a mean of paired differences is above zero: mean, one-sided p and an interval by "
                   "drawing "
                   "whole blocks again.",
        .returns =
            "a JSON object: mean, lower, upper and standard_error in the unit of difference, p from 0 to 1 "
            "(never "
            "below 2^-blocks), n rows and blocks; null is what fewer than two blocks, or an interval "
            "what so few, cannot say; rows with a NULL are skipped, and NULL is the answer without others",
        .errors = "options that differ from row to row",
        .source =
            "Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 12 and 16; Künsch 1989, "
            "Ann. Stat. 17:1217",
        .step = block_bootstrap_step,
        .final = block_bootstrap_final,
        .options = block_bootstrap_options,
    },
    {
        .name = "cbpe",
        .example =
            "SELECT metric, estimated, realized FROM cbpe('VALUES (0.9, 1, 1), (0.2, 0, 0)', 'SELECT "
            "column1, "
            "column1 > 0.5, NULL FROM (VALUES (0.9), (0.8), (0.6), (0.4), (0.3), (0.1))', '{\"chunks\": 1}') "
            "WHERE period = 'current'",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"reference_query", ATHLETE_QUERY, 0, 0, 0,
             "gives p (calibrated, of label 1), decision (0 or 1), label and, if its order is another than "
             "p's, "
             "score, in the order of time: rows that the model was not trained on; those without a label do "
             "not count"},
            {"current_query", ATHLETE_QUERY, 0, 0, 0, "the same; the label may be NULL"},
            {"options", ATHLETE_OPTIONS, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0, "chunk_size, chunks"}),
        .summary =
            "What a classifier is worth while labels are still to come, chunk by chunk: area under the ROC "
            "curve, accuracy, precision, recall, specificity and F1, as a p of 0.8 is 0.8 of a positive "
            "case and 0.2 of a negative one; the standard error and three of them around it, what it came "
            "to, and an alarm outside of the mean and three standard deviations of the reference's chunks. "
            "It sees that cases came which are harder to tell, not that a case now means something else.",
        .errors = "a p outside of 0 to 1; a decision or label that is neither 0 nor 1",
        .source = "NannyML, CBPE; ties in score count half, and no sum is rounded on the way",
        .table = &cbpe_table,
        .options = cbpe_options,
    },
    {
        .name = "dle",
        .example =
            "SELECT period, chunk, estimated, realized FROM dle('VALUES (1, 2), (3, 2), (1, 0), (2, 2)', "
            "'VALUES (4, NULL), (6, NULL), (5, NULL)', '{\"chunk_size\": 2, \"metric\": \"rmse\"}')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"reference_query", ATHLETE_QUERY, 0, 0, 0,
             "gives estimated_loss and loss of each row in the order of time: rows that the model was not "
             "trained on; those without a loss do not count"},
            {"current_query", ATHLETE_QUERY, 0, 0, 0, "the same; the loss may be NULL"},
            {"options", ATHLETE_OPTIONS, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0,
             "chunk_size, chunks, metric"}),
        .summary =
            "What a regressor is worth while labels are still to come, chunk by chunk, from the loss that a "
            "second model expects of each row (an error, its square, …; below 0 counts as 0): the mean or "
            "its "
            "root, the standard error and three of them around it, what it came to, and an alarm outside of "
            "the mean and three standard deviations of the reference's chunks. It sees that rows came which "
            "are harder to tell, not that a row now means something else.",
        .errors = "a loss below 0",
        .source = "NannyML, DLE, from the second model's predictions on",
        .table = &dle_table,
        .options = dle_options,
    },
    {.name = NULL},
};

const athlete_domain athlete_validation = {
    .name = "validation",
    .functions = validation_functions,
    .state_open = text_cache_open,
    .state_close = text_cache_close,
};
