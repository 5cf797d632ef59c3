/* The table of functions that ask whether a model's figures can be believed. */
#include "validation/validation_sql.h"

#include "validation/validation_callbacks_sql.h"

static const athlete_function validation_functions[] = {
    {
        .name = "time_series_split",
        .example = "SELECT * FROM time_series_split(4, 2)",
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
        .example = "SELECT * FROM time_series_split_dates('SELECT column1, column2 FROM (VALUES (''a'', "
                   "''2024-01-01''), (''b'', ''2024-01-02''), (''c'', ''2024-01-03''))', 2)",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments =
            ATHLETE_ARGUMENTS({"query", ATHLETE_QUERY, 0, 0, 0, "gives key, day ('YYYY-MM-DD') of each row"},
                              {"splits", ATHLETE_INTEGER, 0, 1, 1000000, "folds"},
                              {"embargo_days", ATHLETE_INTEGER, ATHLETE_OPTIONAL, 0, 1000000,
                               "trained on are days before the first day of the test minus this; 0"}),
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
    {.name = NULL},
};

const athlete_domain athlete_validation = {.name = "validation", .functions = validation_functions};
