/* The table of charts, and the binding of those that are lines of text. */
#include "charts/charts_sql.h"

#include <math.h>
#include "charts/bar.h"
#include "charts/sparkline.h"
#include "charts/charts_callbacks_sql.h"

static void bar_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
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

#define OPTIONS(names)                                                                                       \
    { "options", ATHLETE_OPTIONS, ATHLETE_NULLABLE, 0, 0, names }
#define LOOKS "title, desc, width, theme"
#define PLOT_OPTIONS                                                                                         \
    OPTIONS(LOOKS                                                                                            \
            ", height, unit, decimals, format, y_min, y_max, series, marks, zones, zone_names, zone_tones")
#define PLOT_X                                                                                               \
    {                                                                                                        \
        "x", ATHLETE_ANY, 0, 0, 0,                                                                           \
            "a day, a number from -1e12 to 1e12, or a text: the type of the first row's"                     \
    }
#define VALUE(name, flags, meaning)                                                                          \
    { name, ATHLETE_NUMBER, flags, -1e12, 1e12, meaning }
#define PICTURE                                                                                              \
    "text: an <svg> element that needs nothing else, in light and dark colours as the reader's system "      \
    "asks, "                                                                                                 \
    "the same bytes for the same rows; NULL for no rows; "
#define PLOT_ERRORS                                                                                          \
    "more than 20000 rows, 200 texts or 24 columns; options that differ from row to row; an x of another "   \
    "type "                                                                                                  \
    "than the first"
#define DAYS_EXAMPLE "FROM (VALUES ('2024-03-01', 40, 60), ('2024-03-02', 42, 55), ('2024-03-03', 41, 58))"

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
        .scalar = bar_scalar,
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
    {
        .name = "svg_line",
        .example = "SELECT svg_line('{\"title\": \"Fitness\", \"series\": [\"CTL\", \"ATL\"]}', column1, "
                   "column2, column3) " DAYS_EXAMPLE,
        .kind = ATHLETE_AGGREGATE,
        .arguments =
            ATHLETE_ARGUMENTS(PLOT_OPTIONS, PLOT_X, VALUE("y", ATHLETE_REPEATED, "any unit; NULL is a gap")),
        .summary = "A picture of lines over days, numbers or texts; other marks by the option marks.",
        .returns = PICTURE "rows without x are skipped",
        .errors = PLOT_ERRORS,
        .source = "Okabe & Ito 2008, Color Universal Design, for the colours; WCAG 2.2 for their contrast",
        .step = svg_plot_step,
        .final = svg_line_final,
        .options = svg_plot_options,
    },
    {
        .name = "svg_band",
        .example = "SELECT svg_band('{\"series\": [\"80 %\", \"\", \"estimate\"]}', column1, column2, "
                   "column3, (column2 + column3) / 2.0) " DAYS_EXAMPLE,
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(PLOT_OPTIONS, PLOT_X, VALUE("low", 0, "any unit; the lower end"),
                                       VALUE("high", 0, "the same unit; the upper end"),
                                       VALUE("y", ATHLETE_OPTIONAL | ATHLETE_REPEATED,
                                             "the same unit; lines over the band; NULL is a gap")),
        .summary = "A picture of a band, such as an interval, with lines over it.",
        .returns = PICTURE "rows without x are skipped",
        .errors = PLOT_ERRORS,
        .step = svg_plot_step,
        .final = svg_band_final,
        .options = svg_plot_options,
    },
    {
        .name = "svg_bars",
        .example = "SELECT svg_bars('{\"unit\": \"km\"}', column1, column2) FROM (VALUES ('Mon', 8), ('Tue', "
                   "0), ('Wed', 12.5))",
        .kind = ATHLETE_AGGREGATE,
        .arguments =
            ATHLETE_ARGUMENTS(PLOT_OPTIONS, PLOT_X,
                              VALUE("y", ATHLETE_REPEATED, "any unit; bars of one x stand on one another")),
        .summary = "A picture of bars, those of one x on one another.",
        .returns = PICTURE "rows without x are skipped",
        .errors = PLOT_ERRORS,
        .step = svg_plot_step,
        .final = svg_bars_final,
        .options = svg_plot_options,
    },
    {
        .name = "svg_histogram",
        .example = "SELECT svg_histogram('{\"bins\": 4}', column1) FROM (VALUES (3), (5), (4), (8), (7))",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(OPTIONS(LOOKS ", height, unit, decimals, format, bins"),
                                       VALUE("value", 0, "any unit")),
        .summary = "A picture of how often values lie where, in bins with round edges.",
        .returns = PICTURE "a value on an edge is in the bin above it; NULL values are skipped",
        .errors = "more values than fit in 64 MiB (millions); options that differ from row to row",
        .step = svg_value_step,
        .final = svg_histogram_final,
        .options = svg_histogram_options,
    },
    {
        .name = "svg_waterfall",
        .example = "SELECT svg_waterfall('{\"start\": 300, \"format\": \"time\"}', column1, column2) FROM "
                   "(VALUES ('fitness', -20), ('hills', 7))",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(OPTIONS(LOOKS ", unit, decimals, format, start, start_name, end_name"),
                                       {"name", ATHLETE_ANY, 0, 0, 0, "what the part is called"},
                                       VALUE("value", 0, "any unit; what the part adds")),
        .summary = "A picture of how parts lead from a start to their sum, such as the contributions of "
                   "gbdt_explain.",
        .returns = PICTURE "in the order of the rows; those with a NULL are skipped",
        .errors = "more than 60 parts; options that differ from row to row",
        .step = svg_part_step,
        .final = svg_waterfall_final,
        .options = svg_waterfall_options,
    },
    {
        .name = "svg_calendar",
        .example = "SELECT svg_calendar('{\"unit\": \"km\"}', column1, column2) FROM (VALUES ('2024-03-01', "
                   "8), ('2024-03-03', 12.5))",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(
            OPTIONS(LOOKS ", unit, decimals, format"), {"day", ATHLETE_DATE, 0, 0, 0, "the day"},
            {"value", ATHLETE_NUMBER, 0, 0, 1e12, "any unit, from 0; values of one day are added"}),
        .summary = "A picture of days as squares, the stronger the more, a block for each year, the last one "
                   "on top; frames are days before the first and after the last of the rows.",
        .returns = PICTURE "rows with a NULL are skipped",
        .errors = "more than 20000 rows or 40 years; options that differ from row to row",
        .step = svg_day_step,
        .final = svg_calendar_final,
        .options = svg_calendar_options,
    },
    {
        .name = "svg_sparkline",
        .example = "SELECT svg_sparkline(NULL, column1) FROM (VALUES (3), (5), (4), (8), (7))",
        .kind = ATHLETE_AGGREGATE,
        .arguments = ATHLETE_ARGUMENTS(OPTIONS(LOOKS ", height"),
                                       VALUE("y", 0, "the series, in the order of the rows; NULL is a gap")),
        .summary = "A picture of a series that has the size of a word.",
        .returns = PICTURE "its last value has a dot",
        .errors = "more than 20000 rows; options that differ from row to row",
        .source = "Tufte 2006, Beautiful Evidence, for the idea",
        .step = svg_value_step,
        .final = svg_sparkline_final,
        .options = svg_sparkline_options,
    },
    {.name = NULL},
};

const athlete_domain athlete_charts = {.name = "charts", .functions = charts_functions};
