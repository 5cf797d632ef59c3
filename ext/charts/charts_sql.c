/* Binding of the charts that are text. */
#include "charts/charts_sql.h"

#include <math.h>
#include "charts/bar.h"
#include "charts/sparkline.h"

static void bar_call(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    double min = sqlite3_value_double(argv[1]), max = sqlite3_value_double(argv[2]);
    if (min >= max) return; /* NULL */
    char text[ATHLETE_BAR_BYTES_MAX];
    size_t bytes = bar_render(sqlite3_value_double(argv[0]), min, max, sqlite3_value_int(argv[3]), text);
    sqlite3_result_text64(context, text, bytes, SQLITE_TRANSIENT, SQLITE_UTF8);
}

/* --- sparkline ------------------------------------------------------------------------------------------ */

static void sparkline_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    sparkline *line = sqlite3_aggregate_context(context, sizeof *line);
    if (!line) {
        sqlite3_result_error_nomem(context);
        return;
    }
    line->budget.limit = ATHLETE_SPARKLINE_LIMIT;
    double y = sqlite3_value_type(argv[0]) == SQLITE_NULL ? NAN : sqlite3_value_double(argv[0]);
    athlete_status status = sparkline_add(line, y);
    if (status != ATHLETE_OK)
        function_fail_status(context, status, "a series of this length is no line to look at");
}

static void sparkline_inverse(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc, (void)argv;
    sparkline *line = sqlite3_aggregate_context(context, sizeof *line);
    if (line) sparkline_drop_first(line);
}

static void sparkline_value(sqlite3_context *context) {
    const sparkline *line = sqlite3_aggregate_context(context, 0);
    if (!line || sparkline_points(line) == 0) return; /* NULL */
    char *text = memory_alloc(NULL, sparkline_points(line), 3);
    if (!text) {
        sqlite3_result_error_nomem(context);
        return;
    }
    size_t bytes = sparkline_render(line, text);
    sqlite3_result_text64(context, text, bytes, sqlite3_free, SQLITE_UTF8);
}

static void sparkline_final(sqlite3_context *context) {
    sparkline_value(context);
    sparkline *line = sqlite3_aggregate_context(context, 0);
    if (line) sparkline_free(line);
}

/* --- the table ------------------------------------------------------------------------------------------ */

static const athlete_function charts_functions[] = {
    {
        .name = "bar",
        .example = "SELECT bar(65, 0, 100, 10)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            {"value", ATHLETE_NUMBER, 0, 0, 0, "the number to draw"},
            {"min", ATHLETE_NUMBER, 0, 0, 0, "the value of an empty bar"},
            {"max", ATHLETE_NUMBER, 0, 0, 0, "the value of a full bar"},
            {"width", ATHLETE_INTEGER, 0, 1, ATHLETE_BAR_WIDTH_MAX, "characters of a full bar"}),
        .summary = "A number as a horizontal bar of block characters, fine to an eighth of a character.",
        .returns = "text of at most `width` characters: empty for min and below, full for max and above; "
                   "NULL when min >= max",
        .source = "as bar() of QuestDB",
        .scalar = bar_call,
    },
    {
        .name = "sparkline",
        .example = "SELECT sparkline(column1) FROM (VALUES (3), (5), (4), (8), (7))",
        .kind = ATHLETE_WINDOW,
        .arguments =
            ATHLETE_ARGUMENTS({"y", ATHLETE_NUMBER, 0, 0, 0, "the series, in the order of the rows"}),
        .summary = "A series as one line of block characters from its lowest value to its highest, one "
                   "character per row.",
        .returns = "text: a blank for NULL, half high where all values are equal; NULL for no rows",
        .errors = "more points than fit in 8 MiB (hundreds of thousands)",
        .source = "Tufte 2006, Beautiful Evidence, for the idea",
        .step = sparkline_step,
        .final = sparkline_final,
        .value = sparkline_value,
        .inverse = sparkline_inverse,
    },
    {.name = NULL},
};

const athlete_domain athlete_charts = {.name = "charts", .functions = charts_functions};
