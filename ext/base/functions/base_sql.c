/* Binding of what every part of the system uses: version, assertions, hashes, JSON input. */
#include <math.h>
#include "base/binding/function.h"
#include "base/binding/query.h"
#include "base/binding/row_feed.h"
#include "base/functions/base_callbacks_sql.h"
#include "base/functions/base_sql.h"
#include "base/judge/broken_rules.h"
#include "base/numbers/decimal.h"
#include "base/numbers/elementary.h"
#include "base/text/sha256.h"
#include "base/version.h"

static void athlete_version_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc, (void)argv;
    sqlite3_result_text(context, ATHLETE_VERSION, -1, SQLITE_STATIC);
}

static void assert_that_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    if (sqlite3_value_type(argv[0]) != SQLITE_NULL && sqlite3_value_double(argv[0]) != 0) {
        sqlite3_result_int(context, 1);
    } else {
        const char *message = (const char *)sqlite3_value_text(argv[1]);
        function_fail(context, "%s", message ? message : "failed");
    }
}

static void sha256_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    char hex[ATHLETE_SHA256_HEX_SIZE];
    const void *data = sqlite3_value_type(argv[0]) == SQLITE_BLOB ? sqlite3_value_blob(argv[0])
                                                                  : sqlite3_value_text(argv[0]);
    int bytes = sqlite3_value_bytes(argv[0]);
    if (!data && bytes > 0) {
        sqlite3_result_error_nomem(context);
        return;
    }
    sha256_hex(data, (size_t)bytes, hex);
    sqlite3_result_text(context, hex, -1, SQLITE_TRANSIENT);
}

static double portable_exp_number(const double *a) {
    return elementary_exp(a[0]);
}

static double portable_ln_number(const double *a) {
    return elementary_log(a[0]);
}

/* --- the table ------------------------------------------------------------------------------------------ */

static const athlete_function base_functions[] = {
    {
        .name = "athlete_version",
        .example = "SELECT athlete_version()",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_NO_ARGUMENTS,
        .summary = "The version of this extension.",
        .returns = "text, 'major.minor.patch'",
        .scalar = athlete_version_scalar,
    },
    {
        .name = "athlete_functions",
        .example = "SELECT name, signature FROM athlete_functions WHERE name = 'tss'",
        .kind = ATHLETE_TABLE,
        .arguments = ATHLETE_NO_ARGUMENTS,
        .summary = "Every function of this extension with its arguments, units, errors and the source of its "
                   "formula.",
        .table = &athlete_functions_table,
    },
    {
        .name = "athlete_arguments",
        .example = "SELECT position, name, meaning FROM athlete_arguments WHERE function = 'riegel'",
        .kind = ATHLETE_TABLE,
        .arguments = ATHLETE_NO_ARGUMENTS,
        .summary = "Every argument of every function: its type, its range, and what it may be besides.",
        .table = &athlete_arguments_table,
    },
    {
        .name = "athlete_options",
        .example = "SELECT name, min, max, \"default\" FROM athlete_options WHERE function = 'gbdt_train' "
                   "AND name = 'eta'",
        .kind = ATHLETE_TABLE,
        .arguments = ATHLETE_NO_ARGUMENTS,
        .summary = "Every option of every function that takes a JSON object of them: its other name, its "
                   "type, range, default and meaning.",
        .table = &athlete_options_table,
    },
    {
        .name = "assert_that",
        .example = "SELECT assert_that(1 < 2, 'one is less than two')",
        .kind = ATHLETE_SCALAR,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"condition", ATHLETE_ANY, ATHLETE_NULLABLE, 0, 0, "what must hold"},
            {"message", ATHLETE_TEXT, ATHLETE_NULLABLE, 0, 0, "what to say when it does not"}),
        .summary = "Stops a stage, with the message, when the condition is 0 or NULL.",
        .returns = "1",
        .errors = "the message, when the condition does not hold",
        .scalar = assert_that_scalar,
    },
    {
        .name = "sha256",
        .example = "SELECT sha256('abc')",
        .kind = ATHLETE_SCALAR,
        .arguments =
            ATHLETE_ARGUMENTS({"value", ATHLETE_ANY, 0, 0, 0, "a blob, or anything else as its UTF-8 text"}),
        .summary = "The SHA-256 digest of a value.",
        .returns = "text, 64 lower-case hexadecimal digits",
        .source = "FIPS 180-4",
        .scalar = sha256_scalar,
    },
    {
        .name = "row_hash",
        .example = "SELECT row_hash(4001, '2024-05-12', 51.3)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            {"value", ATHLETE_ANY, ATHLETE_NULLABLE | ATHLETE_REPEATED, 0, 0, "a value of the row"}),
        .summary =
            "The SHA-256 digest of a row by its bytes: equal only for the same values of the same types, "
            "and the same under every SQLite.",
        .returns = "text, 64 lower-case hexadecimal digits",
        .source =
            "FIPS 180-4, of a letter for the type, the length of a text or blob, and the bytes (IEEE 754 for "
            "a REAL)",
        .scalar = row_hash_scalar,
    },
    {
        .name = "rows_hash",
        .example = "SELECT rows_hash(column1, column2) FROM (VALUES (1, 'a'), (2, 'b'))",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(
            {"value", ATHLETE_ANY, ATHLETE_NULLABLE | ATHLETE_REPEATED, 0, 0, "a value of the row"}),
        .summary =
            "The SHA-256 digest of rows by their bytes, in the order in which they come: SELECT it FROM "
            "(SELECT … ORDER BY …).",
        .returns = "text, 64 lower-case hexadecimal digits, without rows, too",
        .source = "FIPS 180-4, of row after row as in row_hash",
        .step = rows_hash_step,
        .final = rows_hash_final,
    },
    {
        .name = "exact_sum",
        .example = "SELECT exact_sum(column1) FROM (VALUES (1e16), (1.0), (-1e16))",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS({"x", ATHLETE_ANY, ATHLETE_NULLABLE, 0, 0, "any unit, a number"}),
        .summary =
            "The sum, rounded once: whatever the order of the rows and under every SQLite, whose own SUM "
            "rounds at each step, in one way before 3.43 and in another since.",
        .returns = "the unit of x; an integer if all x are and it fits; NULL without rows; NULLs are skipped",
        .errors = "an x that is no number",
        .source = "Neal 2015, arXiv:1505.05571; the same as Python's math.fsum",
        .step = exact_step,
        .final = exact_total_value,
        .value = exact_total_value,
        .inverse = exact_inverse,
    },
    {
        .name = "exact_avg",
        .example = "SELECT exact_avg(column1) FROM (VALUES (0.1), (0.2), (0.3))",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS({"x", ATHLETE_ANY, ATHLETE_NULLABLE, 0, 0, "any unit, a number"}),
        .summary = "The mean, rounded once: the exact sum over the number of rows.",
        .returns = "the unit of x; NULL without rows; NULLs are skipped",
        .errors = "an x that is no number",
        .source = "Neal 2015, arXiv:1505.05571",
        .step = exact_step,
        .final = exact_mean_value,
        .value = exact_mean_value,
        .inverse = exact_inverse,
    },
    {
        .name = "number_text",
        .example = "SELECT number_text(0.1), number_text(42)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS({"x", ATHLETE_NUMBER, 0, 0, 0, "any number"}),
        .summary = "The number with as few digits as give it again, the same under every SQLite, whose own "
                   "text of a REAL changes from version to version. It is JSON, too.",
        .returns =
            "text: '42' of an integer, '5023.7' or '1e300' of a REAL, never without a point or an exponent",
        .source = "Steele & White 1990, PLDI",
        .scalar = number_text_scalar,
    },
    {
        .name = "exact_real",
        .example = "SELECT exact_real('12.345678')",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS({"text", ATHLETE_TEXT, 0, 0, 0, "a number as JSON writes it"}),
        .summary =
            "The nearest REAL to a number's text, which SQLite's own reading misses by a bit before 3.47 for "
            "some numbers of six digits and more.",
        .returns = "a number; an infinity beyond them all",
        .errors = "a text that is no number from end to end",
        .source = "Clinger 1990, PLDI",
        .scalar = exact_real_scalar,
    },
    {
        .name = "row_literals",
        .example = "SELECT row_literals(1, 'it''s', NULL)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            {"value", ATHLETE_ANY, ATHLETE_NULLABLE | ATHLETE_REPEATED, 0, 0, "a value of the row"}),
        .summary =
            "The row as SQL literals with commas: equal only for the same values of the same types, and the "
            "same under every SQLite, whose quote() writes a REAL otherwise from version to version.",
        .returns = "text; a REAL is written as by number_text",
        .scalar = row_literals_scalar,
    },
    {
        .name = "exact_literals",
        .example = "SELECT exact_literals('0.1,''a''')",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            {"literals", ATHLETE_TEXT, 0, 0, 0, "literals with commas, as quote() writes them"}),
        .summary =
            "The same literals with each REAL as row_literals writes it: brings rows that some SQLite has "
            "printed into one form.",
        .returns = "text; what is no literal is left as it is",
        .scalar = exact_literals_scalar,
    },
    {
        .name = "portable_exp",
        .example = "SELECT portable_exp(1)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS({"x", ATHLETE_NUMBER, 0, 0, 0, "any number"}),
        .summary = "e to the power of x, with the same bits on every platform, which a mathematics library "
                   "does not promise.",
        .returns = "a number from 0, within 0.7 ulp of the true one; 0 for x below -745.14",
        .errors = "x above 709.78: the result is too large",
        .source = "Taylor's series in pairs of doubles: Dekker 1971, Numer. Math. 18:224-242",
        .number = portable_exp_number,
    },
    {
        .name = "portable_ln",
        .example = "SELECT portable_ln(10)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS({"x", ATHLETE_NUMBER, ATHLETE_ABOVE_MIN, 0, HUGE_VAL, "above 0"}),
        .summary = "The natural logarithm of x, with the same bits on every platform.",
        .returns = "a number, within 0.7 ulp of the true one",
        .source = "2 atanh((x - 1) / (x + 1)) in pairs of doubles: Dekker 1971, Numer. Math. 18:224-242",
        .number = portable_ln_number,
    },
    {
        .name = "json_objects",
        .example = "SELECT * FROM json_objects('[{\"id\": 1}, {\"id\": 2}]')",
        .kind = ATHLETE_TABLE,
        .arguments = ATHLETE_ARGUMENTS(
            {"text", ATHLETE_TEXT, 0, 0, 0, "an array of objects, one object per line, or one object"}),
        .summary = "The JSON objects in a text, one row each; a malformed one is a row with its fault and "
                   "does not stop the rest.",
        .errors = "none: what cannot be read has a reason in `fault` and its place in `fault_offset`",
        .source = "RFC 8259",
        .table = &json_objects_table,
    },
    {
        .name = "json_plain_names",
        .example = "SELECT json_plain_names('{\"\\u0069d\": 7}')",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS({"json", ATHLETE_TEXT, 0, 0, 0, "JSON text, well-formed"}),
        .summary = "The same JSON with no needless escape in the names of members, so that \"\\u0069d\" is "
                   "\"id\" to every version of SQLite.",
        .returns = "text; what has no such escape comes back byte for byte",
        .scalar = json_plain_names_scalar,
    },
    {
        .name = "json_fields",
        .example = "SELECT json_fields('{\"distance\": \"5000\"}', '[{\"field\": \"distance\", \"type\": "
                   "\"number\"}]')",
        .kind = ATHLETE_SCALAR,
        .arguments =
            ATHLETE_ARGUMENTS({"object", ATHLETE_TEXT, 0, 0, 0, "the JSON text of an object from a stranger"},
                              {"fields", ATHLETE_TEXT, 0, 0, 0,
                               "a JSON list of at most 64 {\"field\", \"type\"[, \"min\", \"max\", \"unit\", "
                               "\"blank_is_null\"]}: what is read "
                               "of it; type is number, whole, boolean, id, text, label, instant, date or "
                               "list; min and max hold "
                               "for a number, or for the characters of a text"}),
        .summary =
            "The members of an object by their declared types. What is null or not there is left out; what "
            "has "
            "another type, is out of range or comes twice is a fault, and never a guess: '1:30' is no 1.",
        .returns =
            "JSON text {\"values\": {field: value}, \"faults\": [{\"field\", \"rule\", \"reason\", "
            "\"value\"}]}, "
            "without faults if there are none; a boolean is 1 or 0, an id a text, an instant in UTC with Z; "
            "a number may come as a text that is one from end to end",
        .errors = "fields that are not such a list; of the object none",
        .scalar = json_fields_scalar,
    },
    {
        .name = "select_rows",
        .example = "SELECT c1, c2 FROM select_rows('SELECT 1, ''a'' UNION ALL SELECT 2, ''b''')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"query", ATHLETE_QUERY, 0, 0, 0, "one read-only SELECT of one to four columns"}),
        .summary = "The rows of a SELECT whose text is made by another query; it may do what the caller may.",
        .errors = "what SQLite says of the query; a query that is not one read-only SELECT",
        .table = &select_rows_table,
    },
    {
        .name = "stored_query",
        .example = "SELECT c1 FROM stored_query('SELECT max(column1) FROM (VALUES (3), (7))')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"query", ATHLETE_QUERY, 0, 0, 0, "one read-only SELECT of one to four columns"}),
        .summary = "The rows of a SELECT that is kept in a table: it may read tables and views, and call "
                   "deterministic functions, aggregates and windows of SQLite and of this extension.",
        .errors = "a query that does more, with what that is; what SQLite says of the query",
        .table = &stored_query_table,
    },
    {
        .name = "stored_query_fault",
        .example = "SELECT stored_query_fault('DELETE FROM runs')",
        .kind = ATHLETE_SCALAR,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS({"query", ATHLETE_QUERY, 0, 0, 0, "what stored_query would run"}),
        .summary = "Why a SELECT that is kept in a table is not run by stored_query.",
        .returns = "a sentence, or NULL for a query that may be run",
        .scalar = stored_query_fault_scalar,
    },
    {
        .name = "attempt",
        .example = "SELECT fault, c1 FROM attempt('SELECT abs(?1)', -5)",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments =
            ATHLETE_ARGUMENTS({"query", ATHLETE_QUERY, 0, 0, 0, "one read-only SELECT of one to 24 columns"},
                              ATHLETE_QUERY_VALUES),
        .summary =
            "The rows of a query that may fail, which then is a row with the sentence in `fault` after "
            "those that came before.",
        .errors = "lack of memory, an interruption, a file that cannot be read",
        .table = &attempt_table,
    },
    {
        .name = "broken_rules",
        .example = "SELECT * FROM broken_rules('SELECT 1 AS id, -5 AS distance_m', 'SELECT ''distance'', "
                   "''distance_m >= 0''')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"query", ATHLETE_QUERY, 0, 0, 0, "one read-only SELECT of a key and the values of a row"},
            {"rules", ATHLETE_QUERY, 0, 0, 0,
             "one read-only SELECT of names and predicates: expressions over those values that call "
             "deterministic "
             "functions of SQLite, no aggregates"}),
        .summary =
            "Which rows break which quality rules: a row for each predicate that is false of a row, or has "
            "no "
            "answer for it (`error`), and before them one without a key for each predicate that may not be "
            "asked (`refusal`).",
        .errors = "what SQLite says of the queries",
        .table = &broken_rules_table,
    },
    {
        .name = "row_feed",
        .example = "SELECT row_feed(1)",
        .kind = ATHLETE_SCALAR,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS({"value", ATHLETE_ANY, ATHLETE_NULLABLE | ATHLETE_REPEATED, 0, 0,
                                        "what the function that runs the query passes"}),
        .summary = "Part of the functions that read a query, such as gbdt_score; of no use by itself.",
        .returns = "NULL",
        .scalar = row_feed_scalar,
    },
    {.name = NULL},
};

const athlete_domain athlete_base = {
    .name = "base",
    .functions = base_functions,
    .state_open = json_fields_state_open,
    .state_close = json_fields_state_close,
};
