/* Binding of the pictures.
**
** R1  Rows whose x, name, day or value is NULL are skipped; a NULL among the y of a plot is a gap, and so is one in a sparkline.
** R2  Without rows the answer is NULL.
** R3  Rows may come in any order where x is a day or a number; texts, parts and sparklines are shown in the order of the rows. */
#include "charts/charts_callbacks_sql.h"

#include <math.h>
#include "base/binding/constant_text.h"
#include "base/numbers/date.h"
#include "base/text/json_members.h"
#include "charts/svg_calendar.h"
#include "charts/svg_histogram.h"
#include "charts/svg_plot.h"
#include "charts/svg_sparkline.h"
#include "charts/svg_waterfall.h"

#define SVG_NUMBER_MAX 1e12
#define SVG_MEMORY     ((size_t)64 << 20)

/* What the options say, of every chart; each uses some. */
typedef struct svg_settings {
    svg_look look;
    double y_min, y_max, start;
    sqlite3_int64 bins;
    char *start_name, *end_name;
    char *series, *marks, *zones, *zone_names, *zone_tones; /* only whether they are lists */
} svg_settings;

#define LOOK(least_width, width_px)                                                                          \
    {"title", NULL, OPTION_TEXT, offsetof(svg_settings, look.title), 0, 0, NULL, NULL, "above the picture"}, \
        {"desc",                                                                                             \
         NULL,                                                                                               \
         OPTION_TEXT,                                                                                        \
         offsetof(svg_settings, look.desc),                                                                  \
         0,                                                                                                  \
         0,                                                                                                  \
         NULL,                                                                                               \
         "(the kind of chart and its rows)",                                                                 \
         "what the picture says to who cannot see it"},                                                      \
        {"width",  NULL, OPTION_INTEGER, offsetof(svg_settings, look.width), least_width, 4000, NULL,        \
         width_px, "px"},                                                                                    \
    {                                                                                                        \
        "theme", NULL, OPTION_CHOICE, offsetof(svg_settings, look.theme), 0, 0, "auto|light|dark", "auto",   \
            "as the reader's system is, or always the same"                                                  \
    }
#define VALUES                                                                                               \
    {"unit",                                                                                                 \
     NULL,                                                                                                   \
     OPTION_TEXT,                                                                                            \
     offsetof(svg_settings, look.unit),                                                                      \
     0,                                                                                                      \
     0,                                                                                                      \
     NULL,                                                                                                   \
     NULL,                                                                                                   \
     "of the values, above the picture on the right"},                                                       \
        {"decimals", NULL, OPTION_INTEGER,       offsetof(svg_settings, look.decimals), 0, 6,                \
         NULL,       "1",  "of the values shown"},                                                           \
    {                                                                                                        \
        "format", NULL, OPTION_CHOICE, offsetof(svg_settings, look.format), 0, 0, "number|time", "number",   \
            "time: values are seconds and shown as m:ss or h:mm:ss"                                          \
    }
#define HEIGHT                                                                                               \
    {                                                                                                        \
        "height", NULL, OPTION_INTEGER, offsetof(svg_settings, look.height), 16, 4000, NULL,                 \
            "(the chart's own)", "px"                                                                        \
    }
#define A_LIST(member, meaning)                                                                              \
    { #member, NULL, OPTION_LIST, offsetof(svg_settings, member), 0, 0, NULL, NULL, meaning }

const athlete_option svg_plot_options[] = {
    LOOK(200, "720"),
    HEIGHT,
    VALUES,
    {"y_min", NULL, OPTION_NUMBER, offsetof(svg_settings, y_min), -SVG_NUMBER_MAX, SVG_NUMBER_MAX, NULL,
     "(the least value)", "the unit of y; the axis begins there"},
    {"y_max", NULL, OPTION_NUMBER, offsetof(svg_settings, y_max), -SVG_NUMBER_MAX, SVG_NUMBER_MAX, NULL,
     "(the largest value)", "the unit of y; the axis ends there"},
    A_LIST(series, "a name for each column behind x, shown in the legend; an empty one is not"),
    A_LIST(marks,
           "for each column behind x line, dashed, bar, dot, ring, low and high (of a band) or hatch "
           "(rows that are neither NULL nor 0); a dot or ring that is far out, beyond the quartiles by "
           "three times what lies between them, is an arrow at the end of the axis"),
    A_LIST(zones, "ascending edges of coloured zones, the unit of y"),
    A_LIST(zone_names, "of each zone, between two edges"),
    A_LIST(zone_tones, "of each zone none, good, warn or bad"),
    {.name = NULL},
};

const athlete_option svg_histogram_options[] = {
    LOOK(200, "720"),
    HEIGHT,
    VALUES,
    {"bins", NULL, OPTION_INTEGER, offsetof(svg_settings, bins), 1, 60, NULL, "20",
     "about as many, so that edges are round"},
    {.name = NULL},
};

const athlete_option svg_waterfall_options[] = {
    LOOK(200, "720"),
    VALUES,
    {"start", NULL, OPTION_NUMBER, offsetof(svg_settings, start), -SVG_NUMBER_MAX, SVG_NUMBER_MAX, NULL, "0",
     "the unit of value; where the first part begins"},
    {"start_name", NULL, OPTION_TEXT, offsetof(svg_settings, start_name), 0, 0, NULL, "(start)",
     "what that is called"},
    {"end_name", NULL, OPTION_TEXT, offsetof(svg_settings, end_name), 0, 0, NULL, "(end)",
     "what the sum of all is called"},
    {.name = NULL},
};

const athlete_option svg_calendar_options[] = {LOOK(200, "720"), VALUES, {.name = NULL}};
const athlete_option svg_sparkline_options[] = {LOOK(20, "120"), HEIGHT, {.name = NULL}};

/* SQLite hands it over zeroed. */
typedef struct svg_state {
    constant_text options;
    svg_rows rows;
    bool has_x;
    svg_x x;
} svg_state;

/* --- rows ------------------------------------------------------------------------------------------------- */

/* The state, with the options of this row taken; NULL after an error. */
static svg_state *begin_row(sqlite3_context *context, sqlite3_value **argv, int columns) {
    svg_state *state = sqlite3_aggregate_context(context, sizeof *state);
    athlete_status status = state ? constant_text_take(&state->options, argv[0]) : ATHLETE_NOMEM;
    if (status == ATHLETE_INVALID)
        function_fail(context, "argument 1 (options) must be the same for all rows");
    else if (status != ATHLETE_OK) function_fail_status(context, status, NULL);
    if (status != ATHLETE_OK) return NULL;
    state->rows.budget.limit = SVG_MEMORY;
    state->rows.columns = columns;
    return state;
}

/* The cells of a new row; NULL after an error. */
static double *new_row(sqlite3_context *context, svg_state *state) {
    double *row = svg_rows_add(&state->rows);
    if (!row)
        function_fail_status(context, memory_status(&state->rows.budget),
                             "a picture of so many rows shows nothing");
    return row;
}

static bool has_too_many(sqlite3_context *context, const svg_state *state) {
    if (state->rows.n < SVG_ROWS_MAX) return false;
    function_fail(context, "more than %d rows are no picture to look at", SVG_ROWS_MAX);
    return true;
}

static double cell_of(sqlite3_value *value) {
    return sqlite3_value_type(value) == SQLITE_NULL ? NAN : sqlite3_value_double(value);
}

static bool read_name(sqlite3_context *context, svg_state *state, sqlite3_value *value, bool is_new,
                      double *x) {
    const char *text = (const char *)sqlite3_value_text(value);
    size_t number;
    athlete_status status = text ? svg_rows_name(&state->rows, text, is_new, &number) : ATHLETE_NOMEM;
    if (status != ATHLETE_OK) {
        function_fail_status(context, status, NULL);
        return false;
    }
    *x = (double)number;
    if (number < SVG_NAMES_MAX) return true;
    function_fail(context, "more than %d texts have no room beside one another", SVG_NAMES_MAX);
    return false;
}

/* The x of a plot, whose type the first row tells. */
static bool read_x(sqlite3_context *context, svg_state *state, sqlite3_value *value, double *x) {
    static const char *const expected[] = {"a date, as in the first row",
                                           "a number from -1e12 to 1e12, as in the first row",
                                           "a text, as in the first row"};
    int type = sqlite3_value_type(value), day = 0;
    svg_x kind = SVG_X_TEXT;
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) kind = SVG_X_NUMBER;
    else if (type == SQLITE_TEXT) {
        const char *text = (const char *)sqlite3_value_text(value);
        if (!text) {
            sqlite3_result_error_nomem(context);
            return false;
        }
        if (date_parse(text, &day)) kind = SVG_X_DATE;
    }
    if (!state->has_x) state->x = kind;
    if (state->x == SVG_X_TEXT && type == SQLITE_TEXT) kind = SVG_X_TEXT; /* a text may look like a day */
    *x = kind == SVG_X_NUMBER ? sqlite3_value_double(value) : day;
    if (type == SQLITE_BLOB || kind != state->x || !(fabs(*x) <= SVG_NUMBER_MAX)) {
        function_fail_argument(
            context, 1, state->has_x ? expected[state->x] : "a date, a number from -1e12 to 1e12 or a text",
            value);
        return false;
    }
    state->has_x = true;
    return kind != SVG_X_TEXT || read_name(context, state, value, false, x);
}

void svg_plot_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    svg_state *state = begin_row(context, argv, argc - 1);
    double x;
    if (!state || sqlite3_value_type(argv[1]) == SQLITE_NULL || has_too_many(context, state)) return;
    if (argc - 2 > SVG_SERIES_MAX) {
        function_fail(context, "%d columns behind x are more than the %d that can be told apart", argc - 2,
                      SVG_SERIES_MAX);
        return;
    }
    if (!read_x(context, state, argv[1], &x)) return;
    double *row = new_row(context, state);
    if (!row) return;
    row[0] = x;
    for (int i = 2; i < argc; i++) row[i - 1] = cell_of(argv[i]);
}

void svg_value_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    bool keeps_gaps = function_of(context)->final == svg_sparkline_final;
    svg_state *state = begin_row(context, argv, 1);
    if (!state || (!keeps_gaps && sqlite3_value_type(argv[1]) == SQLITE_NULL)) return;
    if (keeps_gaps && has_too_many(context, state)) return;
    double *row = new_row(context, state);
    if (row) row[0] = cell_of(argv[1]);
}

void svg_part_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    svg_state *state = begin_row(context, argv, 2);
    double name;
    if (!state || sqlite3_value_type(argv[1]) == SQLITE_NULL || sqlite3_value_type(argv[2]) == SQLITE_NULL)
        return;
    if (state->rows.n == SVG_PARTS_MAX) {
        function_fail(context, "more than %d parts are no picture to look at", SVG_PARTS_MAX);
        return;
    }
    if (!read_name(context, state, argv[1], true, &name)) return;
    double *row = new_row(context, state);
    if (!row) return;
    row[0] = name;
    row[1] = sqlite3_value_double(argv[2]);
}

void svg_day_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    svg_state *state = begin_row(context, argv, 2);
    if (!state || sqlite3_value_type(argv[1]) == SQLITE_NULL || sqlite3_value_type(argv[2]) == SQLITE_NULL)
        return;
    const char *text = (const char *)sqlite3_value_text(argv[1]);
    int day;
    if (has_too_many(context, state)) return;
    if (!text || !date_parse(text, &day)) {
        sqlite3_result_error_nomem(context); /* that it is a date has been checked */
        return;
    }
    double *row = new_row(context, state);
    if (!row) return;
    row[0] = day;
    row[1] = sqlite3_value_double(argv[2]);
}

/* --- pictures --------------------------------------------------------------------------------------------- */

/* What a final has at hand. */
typedef struct svg_drawing {
    svg_state *state;
    svg_settings settings;
    athlete_poll poll;
    text_buffer out;
    athlete_fault fault;
} svg_drawing;

static void free_settings(svg_settings *settings) {
    sqlite3_free(settings->look.title);
    sqlite3_free(settings->look.desc);
    sqlite3_free(settings->look.unit);
    sqlite3_free(settings->start_name);
    sqlite3_free(settings->end_name);
    sqlite3_free(settings->series);
    sqlite3_free(settings->marks);
    sqlite3_free(settings->zones);
    sqlite3_free(settings->zone_names);
    sqlite3_free(settings->zone_tones);
}

/* Draws by `draw` what has been collected, if anything has. */
static void finish_picture(sqlite3_context *context, athlete_status (*draw)(svg_drawing *drawing)) {
    svg_state *state = sqlite3_aggregate_context(context, 0);
    if (!state) return;
    if (state->rows.n > 0) {
        svg_drawing drawing = {.state = state, .settings = {.y_min = NAN, .y_max = NAN}};
        poll_begin(&drawing.poll, sqlite3_context_db_handle(context));
        athlete_status status = options_read(function_of(context)->options, state->options.text,
                                             &drawing.settings, &drawing.fault);
        if (status == ATHLETE_OK) status = draw(&drawing);
        poll_end(&drawing.poll);
        if (status == ATHLETE_OK) status = drawing.out.status;
        if (status == ATHLETE_OK) /* memory.h's blocks are SQLite's */
            sqlite3_result_text64(context, drawing.out.bytes, drawing.out.length, sqlite3_free, SQLITE_UTF8);
        else {
            function_fail_status(context, status, drawing.fault.text);
            memory_free(NULL, drawing.out.bytes);
        }
        free_settings(&drawing.settings);
    }
    svg_rows_free(&state->rows);
    constant_text_free(&state->options);
    *state = (svg_state){.has_x = false};
}

static athlete_status draw_plot(svg_drawing *drawing, const char *kind, svg_mark mark) {
    svg_state *state = drawing->state;
    svg_plot plot = {.look = drawing->settings.look,
                     .kind = kind,
                     .x = state->x,
                     .n_series = state->rows.columns - 1,
                     .y_min = drawing->settings.y_min,
                     .y_max = drawing->settings.y_max};
    for (int i = 0; i < plot.n_series; i++) plot.marks[i] = mark;
    if (mark == SVG_LOW) {
        plot.marks[1] = SVG_HIGH;
        for (int i = 2; i < plot.n_series; i++) plot.marks[i] = SVG_LINE;
    }
    json_members lists;
    const char *text = state->options.text ? state->options.text : "{}";
    athlete_status status = json_members_open(&lists, text, state->options.text ? state->options.bytes : 2,
                                              &state->rows.budget, &drawing->poll, &drawing->fault);
    if (status == ATHLETE_OK) status = svg_plot_lists(&plot, &lists);
    if (status == ATHLETE_OK) status = svg_plot_draw(&plot, &state->rows, &drawing->out, &drawing->poll);
    json_members_close(&lists);
    return status;
}

static athlete_status draw_line(svg_drawing *drawing) {
    return draw_plot(drawing, "Line chart", SVG_LINE);
}

static athlete_status draw_band(svg_drawing *drawing) {
    return draw_plot(drawing, "Band chart", SVG_LOW);
}

static athlete_status draw_bars(svg_drawing *drawing) {
    return draw_plot(drawing, "Bar chart", SVG_BAR);
}

static athlete_status draw_histogram(svg_drawing *drawing) {
    return svg_histogram_draw(&drawing->settings.look, (int)drawing->settings.bins, &drawing->state->rows,
                              &drawing->out, &drawing->poll);
}

static athlete_status draw_waterfall(svg_drawing *drawing) {
    const svg_settings *settings = &drawing->settings;
    return svg_waterfall_draw(&settings->look, settings->start, settings->start_name, settings->end_name,
                              &drawing->state->rows, &drawing->out);
}

static athlete_status draw_calendar(svg_drawing *drawing) {
    athlete_status status =
        svg_calendar_draw(&drawing->settings.look, &drawing->state->rows, &drawing->out, &drawing->poll);
    if (status != ATHLETE_INVALID) return status;
    return fault_refuse(&drawing->fault, "days of more than %d years are no picture to look at",
                        SVG_YEARS_MAX);
}

static athlete_status draw_sparkline(svg_drawing *drawing) {
    return svg_sparkline_draw(&drawing->settings.look, &drawing->state->rows, &drawing->out, &drawing->poll);
}

void svg_line_final(sqlite3_context *context) {
    finish_picture(context, draw_line);
}

void svg_band_final(sqlite3_context *context) {
    finish_picture(context, draw_band);
}

void svg_bars_final(sqlite3_context *context) {
    finish_picture(context, draw_bars);
}

void svg_histogram_final(sqlite3_context *context) {
    finish_picture(context, draw_histogram);
}

void svg_waterfall_final(sqlite3_context *context) {
    finish_picture(context, draw_waterfall);
}

void svg_calendar_final(sqlite3_context *context) {
    finish_picture(context, draw_calendar);
}

void svg_sparkline_final(sqlite3_context *context) {
    finish_picture(context, draw_sparkline);
}
