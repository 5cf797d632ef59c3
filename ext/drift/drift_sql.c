/* The table of functions that ask whether values still come from where they came. */
#include "drift/drift_sql.h"

#include "base/binding/query.h"
#include "drift/drift_callbacks_sql.h"

#define ROWS_EXAMPLE                                                                                         \
    "(x, is_reference) AS (VALUES (1, 1), (2, 1), (2, 1), (3, 1), (2, 0), (2, 0), (2, 0), (5, 0), (6, 0)) "

/* Ends an argument list: which of the two samples a row belongs to. */
#define IS_REFERENCE                                                                                         \
    {                                                                                                        \
        "is_reference", ATHLETE_NUMBER, 0, 0, 0,                                                             \
            "0 for a row of the current sample, another number for one of the reference; rows with NULL "    \
            "are "                                                                                           \
            "skipped"                                                                                        \
    }
#define NUMBER_VALUE                                                                                         \
    { "value", ATHLETE_NUMBER, 0, 0, 0, "a number; rows with NULL are skipped" }
#define ANY_VALUE                                                                                            \
    {                                                                                                        \
        "value", ATHLETE_ANY, ATHLETE_NULLABLE, 0, 0,                                                        \
            "a category; NULL, and a value that only one of the samples has, are categories like any other"  \
    }
#define BINS                                                                                                 \
    {                                                                                                        \
        "bins", ATHLETE_INTEGER, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 2, 1000,                               \
            "numbers of which the reference has more different ones than this are cut at the reference's "   \
            "quantiles k / bins; with NULL each number is a category"                                        \
    }
#define QUERIES                                                                                              \
    {"reference_query", ATHLETE_QUERY, 0, 0, 0, "its first column is the reference sample"}, {               \
        "current_query", ATHLETE_QUERY, 0, 0, 0, "its first column is the current sample"                    \
    }

static const athlete_function drift_functions[] = {
    {
        .name = "ks_statistic",
        .example = "WITH t" ROWS_EXAMPLE "SELECT ks_statistic(x, is_reference) FROM t",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(NUMBER_VALUE, IS_REFERENCE),
        .summary = "The greatest difference between the distribution functions of two samples of numbers.",
        .returns = "0 (the same numbers as often) to 1 (they do not overlap); NULL where a sample has none",
        .source = "Smirnov 1939, Bull. Math. Univ. Moscou 2(2); scipy, ks_2samp",
        .step = ks_statistic_step,
        .final = ks_statistic_final,
    },
    {
        .name = "ks_pvalue",
        .example = "WITH t" ROWS_EXAMPLE "SELECT ks_pvalue(x, is_reference), "
                   "ks_pvalue(x, is_reference, 'asymp') FROM t",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(NUMBER_VALUE, IS_REFERENCE,
                                       {"method", ATHLETE_TEXT, ATHLETE_OPTIONAL, 0, 0,
                                        "'exact', 'asymp', or 'auto': exact where neither sample has more "
                                        "than 10000 numbers"}),
        .defaults = ATHLETE_DEFAULTS({"method", "auto"}),
        .summary = "The chance of two samples of one distribution being at least so far apart (two-sided), "
                   "if all rows are independent. An athlete's days are not: their p-values are far too "
                   "small.",
        .returns = "0 to 1, 1 where both samples are the same; with ties an exact p-value is too large, "
                   "never too small; NULL where a sample has no numbers, and for 1 number against 1 by "
                   "'asymp'",
        .errors = "a method that differs from row to row",
        .source = "Hodges 1958, Ark. Mat. 3:469; Simard & L'Ecuyer 2011, J. Stat. Softw. 39(11); scipy, "
                  "ks_2samp with the same method",
        .step = ks_pvalue_step,
        .final = ks_pvalue_final,
    },
    {
        .name = "ks_test",
        .example = "SELECT * FROM ks_test('VALUES (1), (2), (2), (3)', 'VALUES (2), (2), (2), (5), (6)')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(QUERIES),
        .summary = "The test of Kolmogorov and Smirnov of two samples of numbers in one row: what "
                   "ks_statistic and ks_pvalue say, the method, the numbers there were, and, where they are "
                   "NULL, the reason.",
        .errors = "a value that is neither a number nor NULL",
        .source = "as ks_pvalue",
        .table = &ks_test_table,
    },
    {
        .name = "wasserstein",
        .example = "WITH t" ROWS_EXAMPLE "SELECT wasserstein(x, is_reference) FROM t",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(NUMBER_VALUE, IS_REFERENCE),
        .summary = "How far the numbers of one sample have to be moved on average to become the other: the "
                   "area between the distribution functions.",
        .returns = "0 and more, in the unit of value; NULL where a sample has no numbers",
        .source = "Ramdas, Garcia & Cuturi 2017, Entropy 19:47; scipy, wasserstein_distance",
        .step = ks_statistic_step,
        .final = wasserstein_final,
    },
    {
        .name = "psi",
        .example = "WITH t" ROWS_EXAMPLE "SELECT psi(x, is_reference) FROM t",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(ANY_VALUE, IS_REFERENCE, BINS),
        .defaults = ATHLETE_DEFAULTS({"bins", "10"}),
        .summary = "The population stability index: the sum over categories or bins of (q - p) ln(q / p), p "
                   "the share in the reference and q in the current sample. An empty one counts as 0.0001, "
                   "or as half a row where that is less.",
        .returns = "0 and more, always finite; by custom 0.1 is a shift and 0.25 a great one; NULL where a "
                   "sample has no rows",
        .errors = "bins that differ from row to row",
        .source = "Siddiqi, Credit Risk Scorecards, 2006; quantiles of type 7, Hyndman & Fan 1996, Am. Stat. "
                  "50:361",
        .step = psi_step,
        .final = psi_final,
    },
    {
        .name = "js_distance",
        .example = "WITH t" ROWS_EXAMPLE "SELECT js_distance(x, is_reference), "
                   "js_distance(x, is_reference, NULL, 2) FROM t",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(ANY_VALUE, IS_REFERENCE, BINS,
                                       {"base", ATHLETE_NUMBER,
                                        ATHLETE_OPTIONAL | ATHLETE_NULLABLE | ATHLETE_ABOVE_MIN, 1, 1e6,
                                        "of the logarithm"}),
        .defaults = ATHLETE_DEFAULTS({"bins", "NULL"}, {"base", "(e)"}),
        .summary = "The Jensen-Shannon distance of the shares of categories or bins: the square root of the "
                   "divergence.",
        .returns = "0 to sqrt(ln 2), with base 2 to 1; NULL where a sample has no rows",
        .errors = "bins or a base that differ from row to row",
        .source = "Lin 1991, IEEE Trans. Inf. Theory 37:145; scipy, spatial.distance.jensenshannon",
        .step = js_distance_step,
        .final = js_distance_final,
    },
    {
        .name = "chi2_test",
        .example = "SELECT * FROM chi2_test('VALUES (''road''), (''road''), (''trail'')', 'VALUES "
                   "(''trail''), (''track'')')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(QUERIES),
        .summary = "Pearson's test of whether two samples have their categories, NULL being one, in the same "
                   "shares, in one row: statistic, p-value, degrees of freedom, the rows there were, and, "
                   "where they are NULL, the reason. One category has p = 1; with two the difference of "
                   "each cell is brought 0.5 nearer to 0.",
        .source = "Pearson 1900, Phil. Mag. 50:157; Yates 1934, Suppl. J. R. Stat. Soc. 1:217; scipy, "
                  "chi2_contingency",
        .table = &chi2_test_table,
    },
    {
        .name = "mean_shift_test",
        .example =
            "SELECT round(shift, 2), round(own_limit, 2), is_drift, reason FROM mean_shift_test('WITH "
            "RECURSIVE day(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM day WHERE n < 365) SELECT n * "
            "n % 17 FROM day', 'SELECT 20 FROM (VALUES (1), (2), (3), (4))')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS({"reference_query", ATHLETE_QUERY, 0, 0, 0,
                                        "the reference sample in the order of time, each column for itself"},
                                       {"current_query", ATHLETE_QUERY, 0, 0, 0,
                                        "the current sample, of as many columns in the same order"}),
        .summary =
            "Whether the mean of numbers in the order of time has moved further than it ever did by "
            "itself, a row for each column of the queries: the shift in standard deviations of the "
            "reference, the limit, which is "
            "1.1 times the furthest that a window of the reference, as long as the current sample, lay "
            "from the rest of it (and, for numbers on a grid, half a step), the verdict, the numbers there "
            "were, and, where there is no verdict, "
            "the reason. Numbers outside of the reference's quantiles of 1 and 99 % count as they do. "
            "It holds where days are alike, as an athlete's are, and p-values do not.",
        .errors = "a value that is neither a number nor NULL; queries of unlike numbers of columns",
        .source = "thresholds from the reference's own chunks as NannyML has them; winsorised means: Tukey "
                  "1962, Ann. Math. Stat. 33:1; 1.1 was chosen on simulated AR(1) of 0 to 0.95",
        .table = &mean_shift_test_table,
    },
    {
        .name = "reconstruction_test",
        .example =
            "WITH day AS (SELECT 'WITH RECURSIVE day(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM day) ' AS "
            "series) "
            "SELECT round(reconstruction_error, 3), round(reference_error, 3), n_components, is_drift FROM "
            "day, "
            "reconstruction_test(series || 'SELECT n % 7, n % 7 + n % 5 / 10.0, n % 3 FROM day LIMIT 200', "
            "series || 'SELECT n % 7, 6 - n % 7, n % 3 FROM day LIMIT 30')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"reference_query", ATHLETE_QUERY, 0, 0, 0,
             "the reference sample in the order of time, a column of numbers for each feature"},
            {"current_query", ATHLETE_QUERY, 0, 0, 0,
             "the current sample, of as many columns in the same order"},
            {"explained", ATHLETE_NUMBER,
             ATHLETE_OPTIONAL | ATHLETE_NULLABLE | ATHLETE_ABOVE_MIN | ATHLETE_BELOW_MAX, 0, 1,
             "the share of the variance that the components have to explain; 0.65"},
            ATHLETE_QUERY_VALUES),
        .summary =
            "Whether columns still go together as they did, in one row: how much, on average, the "
            "reference's principal components leave untold of a row of either sample, and whether that "
            "has moved further than 1.4 times what a window of the reference, as long as the current "
            "sample, lay from the rest of it, by components of that rest. What is missing counts as the "
            "reference's mean; a column without a number in the reference is left out. Where there is no "
            "verdict, the reason.",
        .errors = "a value that is neither a number nor NULL; queries of unlike numbers of columns, or of "
                  "more than 1000",
        .source = "NannyML, DataReconstructionDriftCalculator; scikit-learn, PCA; Golub & Van Loan, Matrix "
                  "Computations, 8.3",
        .table = &reconstruction_test_table,
    },
    {
        .name = "total_variation",
        .example = "WITH t" ROWS_EXAMPLE "SELECT total_variation(x, is_reference) FROM t",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(ANY_VALUE, IS_REFERENCE, BINS),
        .defaults = ATHLETE_DEFAULTS({"bins", "NULL"}),
        .summary = "Half the sum over categories or bins of the differences between their shares: what would "
                   "have to change category.",
        .returns = "0 to 1; NULL where a sample has no rows",
        .errors = "bins that differ from row to row",
        .source = "Levin, Peres & Wilmer, Markov Chains and Mixing Times, 2009, proposition 4.2",
        .step = cells_step,
        .final = total_variation_final,
    },
    {
        .name = "linf",
        .example = "WITH t" ROWS_EXAMPLE "SELECT linf(x, is_reference) FROM t",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(ANY_VALUE, IS_REFERENCE, BINS),
        .defaults = ATHLETE_DEFAULTS({"bins", "NULL"}),
        .summary = "The greatest difference between the shares of a category or bin.",
        .returns = "0 to 1; NULL where a sample has no rows",
        .errors = "bins that differ from row to row",
        .step = cells_step,
        .final = linf_final,
    },
    {
        .name = "drift",
        .example =
            "SELECT * FROM drift('SELECT column1 AS x FROM (VALUES (1), (2), (2), (3))', 'SELECT column1 "
            "AS x FROM (VALUES (2), (2), (2), (5), (6))')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"reference_query", ATHLETE_QUERY, 0, 0, 0, "the reference sample, each column for itself"},
            {"current_query", ATHLETE_QUERY, 0, 0, 0, "the current sample, of the same columns by name"}),
        .summary = "How far two samples are apart, one row for each column and metric: psi, js_distance, "
                   "chi2_test, total_variation and linf, numbers in 10 bins and what is missing counted; of "
                   "columns of numbers ks_test and wasserstein, too. Where a value is NULL, the reason.",
        .errors = "columns that only one of the queries has, or one has twice",
        .source = "as each of the metrics",
        .table = &drift_table,
    },
    {
        .name = "drift_samples",
        .example =
            "SELECT column_name, reference, n_reference, n_current, ks_statistic, psi, reason FROM "
            "drift_samples('SELECT 1 + 2 * (column1 < 3), column1 AS x FROM (VALUES (1), (2), (2), (5))', 1)",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"query", ATHLETE_QUERY, 0, 0, 0,
             "the rows of all samples in the order of time; its first column says whose each is: the sum of "
             "1 for the "
             "current sample, 2 for reference 1, 4 for reference 2 …"},
            {"references", ATHLETE_INTEGER, 0, 1, 8, "how many references there are"}, ATHLETE_QUERY_VALUES),
        .summary =
            "What drift and mean_shift_test say of a current sample against each reference, in one pass and "
            "one "
            "row for each reference and column; and the rate of false discoveries over the columns of a "
            "reference, by ks_pvalue, or chi2_pvalue where there are no numbers. `reason` is that of the "
            "verdict.",
        .errors = "a first column that is no such sum",
        .source = "as each of the metrics; Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289",
        .table = &drift_samples_table,
    },
    {
        .name = "profile",
        .example =
            "SELECT column_name, n, n_known, n_distinct, mean, variance, min, max, median, mean_length FROM "
            "profile('SELECT column1 AS x, column2 AS y FROM (VALUES (1, ''road''), (2, NULL), (4, "
            "''trail''))')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS({"query", ATHLETE_QUERY, 0, 0, 0, "the rows, each column for itself"},
                                       ATHLETE_QUERY_VALUES),
        .summary = "What the values of each column are like, in one pass: how many rows there are, values, "
                   "numbers that "
                   "are 0 and different values; mean, sample variance and quantiles of the numbers; the "
                   "least and the "
                   "greatest value in SQLite's order; lengths of texts and blobs.",
        .returns = "NULL where there are no such values; mean and quantiles also where a number is infinite",
        .source = "quantiles of type 7, Hyndman & Fan 1996, Am. Stat. 50:361",
        .table = &profile_table,
    },
    {.name = NULL},
};

#undef ROWS_EXAMPLE
#undef IS_REFERENCE
#undef NUMBER_VALUE
#undef ANY_VALUE
#undef BINS
#undef QUERIES

const athlete_domain athlete_drift = {.name = "drift", .functions = drift_functions};
