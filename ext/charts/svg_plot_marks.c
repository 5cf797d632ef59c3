#include "charts/svg_plot_marks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/numbers/date.h"
#include "charts/scale.h"

#define COLOURS     6
#define BAR_SHARE   0.8
#define BAR_MOST_PX 60
#define ROW_UNITS   400 /* of the poll: printing a row's coordinates */

double svg_area_x(const svg_area *area, double x) {
    return area->left + scale_position(x, area->first, area->last) * (area->right - area->left);
}

double svg_area_y(const svg_area *area, double y) {
    return area->bottom - scale_position(y, area->low, area->high) * (area->bottom - area->top);
}

double svg_stack_add(svg_stack *stack, double x, double height) {
    if (!(stack->x == x)) *stack = (svg_stack){.x = x};
    double *end = height < 0 ? &stack->down : &stack->up, start = *end;
    *end += height;
    return start;
}

int svg_area_colour(const svg_plot *plot, int series) {
    int colour = -1;
    for (int k = 0; k <= series; k++) colour += plot->marks[k] != SVG_HIGH && plot->marks[k] != SVG_HATCH;
    return (colour < 0 ? 0 : colour) % COLOURS;
}

void svg_rule(text_buffer *out, const char *class, double x1, double y1, double x2, double y2) {
    text_add(out, "<path class=\"");
    text_add(out, class);
    text_add(out, "\" d=\"M");
    svg_put(out, x1);
    text_add(out, " ");
    svg_put(out, y1);
    text_add(out, x1 == x2 ? "V" : "H");
    svg_put(out, x1 == x2 ? y2 : x2);
    text_add(out, "\"/>");
}

static void begin_path(text_buffer *out, svg_mark mark, int colour) {
    text_add(out, mark == SVG_DASHED ? "<path class=\"l d s" : "<path class=\"l s");
    text_add_integer(out, colour);
    text_add(out, "\" d=\"");
}

void svg_stroke(text_buffer *out, svg_mark mark, int colour, double x1, double y, double x2) {
    begin_path(out, mark, colour);
    text_add(out, "M");
    svg_put(out, x1);
    text_add(out, " ");
    svg_put(out, y);
    text_add(out, "H");
    svg_put(out, x2);
    text_add(out, "\"/>");
}

/* An element that is full where the mark is a dot and empty where it is a ring. */
static void begin_mark(text_buffer *out, svg_mark mark, const char *element, int colour) {
    text_add(out, "<");
    text_add(out, element);
    text_add(out, mark == SVG_RING ? " class=\"r s" : " class=\"f");
    text_add_integer(out, colour);
    text_add(out, "\"");
}

void svg_dot(text_buffer *out, svg_mark mark, int colour, double x, double y) {
    begin_mark(out, mark, "circle", colour);
    svg_attribute(out, "cx", x);
    svg_attribute(out, "cy", y);
    text_add(out, mark == SVG_RING ? " r=\"3.5\"" : " r=\"4\"");
}

void svg_hatch_pattern(text_buffer *out) {
    text_add(out,
             "<defs><pattern id=\"athlete-hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
             "patternTransform=\"rotate(45)\"><path d=\"M0 0V6\" stroke=\"var(--m)\" stroke-width=\"2.5\" "
             "stroke-opacity=\".6\"/></pattern></defs>");
}

/* --- rows ------------------------------------------------------------------------------------------------- */

static void add_point(text_buffer *out, const char *command, double x, double y) {
    text_add(out, command);
    svg_put(out, x);
    text_add(out, " ");
    svg_put(out, y);
}

/* Whether a row has a number and neither of its neighbours has one. */
static bool is_alone(const svg_area *area, int series, size_t i) {
    if (isnan(svg_area_row(area, i)[series + 1])) return false;
    return (i == 0 || isnan(svg_area_row(area, i - 1)[series + 1])) &&
           (i + 1 == area->rows->n || isnan(svg_area_row(area, i + 1)[series + 1]));
}

static void add_plot_line(svg_area *area, int series) {
    text_buffer *out = area->out;
    bool is_apart = true, is_begun = false;
    for (size_t i = 0; i < area->rows->n; i++) {
        const double *row = svg_area_row(area, i);
        double y = row[series + 1];
        if (poll_due(area->poll, ROW_UNITS)) return;
        if (isnan(y) || is_alone(area, series, i)) {
            is_apart = true;
            continue;
        }
        if (!is_begun) begin_path(out, area->plot->marks[series], svg_area_colour(area->plot, series));
        add_point(out, is_apart ? "M" : "L", svg_area_x(area, row[0]), svg_area_y(area, y));
        is_begun = true;
        is_apart = false;
    }
    if (is_begun) text_add(out, "\"/>");
}

/* What a line cannot be drawn through is a dot of its colour. */
static void add_lone_points(svg_area *area, int series) {
    for (size_t i = 0; i < area->rows->n; i++) {
        const double *row = svg_area_row(area, i);
        if (poll_due(area->poll, ROW_UNITS)) return;
        if (!is_alone(area, series, i)) continue;
        svg_dot(area->out, SVG_DOT, svg_area_colour(area->plot, series), svg_area_x(area, row[0]),
                svg_area_y(area, row[series + 1]));
        text_add(area->out, "/>");
    }
}

/* What a row is called under the pointer: its series, where it has a name, and its day, number or text. */
static void row_name(const svg_area *area, double x, char name[SVG_NAME_BYTES + 1]) {
    if (area->plot->x == SVG_X_TEXT)
        snprintf(name, SVG_NAME_BYTES + 1, "%s", svg_rows_name_of(area->rows, x));
    else if (area->plot->x == SVG_X_DATE) date_format((int)x, name);
    else svg_label(x, SVG_NUMBER, (int)area->plot->look.decimals, name);
}

static void add_told(svg_area *area, const char *element, double x, int series, double value) {
    char at[SVG_NAME_BYTES + 1], name[2 * SVG_NAME_BYTES + 4];
    row_name(area, x, at);
    const char *of = area->plot->names[0] ? area->plot->names[series] : "";
    bool is_named = of[0] && strlen(of) <= SVG_NAME_BYTES;
    snprintf(name, sizeof name, "%s%s%s", at, is_named ? ", " : "", is_named ? of : "");
    svg_told(area->out, &area->plot->look, element, name, value);
}

static double bar_width(const svg_area *area) {
    double px = area->gap / (area->last - area->first) * (area->right - area->left) * BAR_SHARE;
    return px > BAR_MOST_PX ? BAR_MOST_PX : px < 0.5 ? 0.5 : px;
}

/* One class of bars after the other in each row, so that those of one x stand on one another. */
static void add_bars(svg_area *area) {
    double width = bar_width(area);
    svg_stack stack = {.x = NAN};
    for (size_t i = 0; i < area->rows->n; i++) {
        const double *row = svg_area_row(area, i);
        for (int k = 0; k < area->plot->n_series; k++) {
            double value = row[k + 1];
            if (area->plot->marks[k] != SVG_BAR || isnan(value) || value == 0) continue;
            if (poll_due(area->poll, ROW_UNITS)) return;
            double from = svg_stack_add(&stack, row[0], value);
            double a = svg_area_y(area, from), b = svg_area_y(area, from + value);
            char class[] = "f0 k";
            class[1] = (char)('0' + svg_area_colour(area->plot, k));
            if (!area->has_lines) class[2] = '\0';
            svg_box(area->out, class, svg_area_x(area, row[0]) - width / 2, a < b ? a : b, width,
                    a < b ? b - a : a - b);
            add_told(area, "rect", row[0], k, value);
        }
    }
}

/* A dot beyond the axis: an arrow at its end, with the value beside. */
static void add_far_dot(svg_area *area, int series, double x, double value) {
    text_buffer *out = area->out;
    char label[SVG_LABEL_SIZE];
    bool is_above = value > area->high;
    double px = svg_area_x(area, x), y = is_above ? area->top : area->bottom, away = is_above ? 8 : -8;
    begin_mark(out, area->plot->marks[series], "path", svg_area_colour(area->plot, series));
    add_point(out, " d=\"M", px, y);
    add_point(out, "L", px - 4.5, y + away);
    add_point(out, "L", px + 4.5, y + away);
    text_add(out, "Z\"");
    add_told(area, "path", x, series, value);
    svg_label(value, area->plot->look.format, (int)area->plot->look.decimals, label);
    bool is_late = px + 9 + svg_width_px(label) > area->right;
    svg_words(out, px + (is_late ? -9 : 9), y + (is_above ? 10 : -2), is_late ? "end" : "start", "h", label,
              HUGE_VAL);
}

static void add_dots(svg_area *area, int series) {
    for (size_t i = 0; i < area->rows->n; i++) {
        const double *row = svg_area_row(area, i);
        if (poll_due(area->poll, ROW_UNITS)) return;
        if (isnan(row[series + 1])) continue;
        if (row[series + 1] < area->low || row[series + 1] > area->high) {
            add_far_dot(area, series, row[0], row[series + 1]);
            continue;
        }
        svg_dot(area->out, area->plot->marks[series], svg_area_colour(area->plot, series),
                svg_area_x(area, row[0]), svg_area_y(area, row[series + 1]));
        add_told(area, "circle", row[0], series, row[series + 1]);
    }
}

/* The ends of a band in the rows from..to, which both have: there and back. */
static void add_band_part(svg_area *area, int series, size_t from, size_t to) {
    text_buffer *out = area->out;
    text_add(out, "<path class=\"b f");
    text_add_integer(out, svg_area_colour(area->plot, series));
    text_add(out, "\" d=\"");
    for (size_t i = from; i < to; i++)
        add_point(out, i == from ? "M" : "L", svg_area_x(area, svg_area_row(area, i)[0]),
                  svg_area_y(area, svg_area_row(area, i)[series + 1]));
    for (size_t i = to; i-- > from;)
        add_point(out, "L", svg_area_x(area, svg_area_row(area, i)[0]),
                  svg_area_y(area, svg_area_row(area, i)[series + 2]));
    text_add(out, "Z\"/>");
}

/* Over texts a band is a box of its own in each; where one row stands alone, too. */
static void add_band_box(svg_area *area, int series, size_t i) {
    const double *row = svg_area_row(area, i);
    double a = svg_area_y(area, row[series + 1]), b = svg_area_y(area, row[series + 2]),
           width = bar_width(area);
    char class[] = "b f0";
    class[3] = (char)('0' + svg_area_colour(area->plot, series));
    svg_box(area->out, class, svg_area_x(area, row[0]) - width / 2, a < b ? a : b, width,
            a < b ? b - a : a - b);
    text_add(area->out, "/>");
}

static void add_band(svg_area *area, int series) {
    size_t from = 0, n = area->rows->n;
    for (size_t i = 0; i <= n; i++) {
        if (poll_due(area->poll, 2 * ROW_UNITS)) return;
        bool is_there =
            i < n && !isnan(svg_area_row(area, i)[series + 1] + svg_area_row(area, i)[series + 2]);
        if (is_there && area->plot->x != SVG_X_TEXT) continue;
        if (is_there) add_band_box(area, series, i);
        else if (i == from + 1) add_band_box(area, series, from);
        else if (i > from) add_band_part(area, series, from, i);
        from = i + 1;
    }
}

static bool is_hatched(const svg_area *area, int series, size_t i) {
    double flag = svg_area_row(area, i)[series + 1];
    return flag != 0 && !isnan(flag);
}

static void add_hatching(svg_area *area, int series) {
    for (size_t i = 0, n = area->rows->n, from; i < n; i++) {
        if (poll_due(area->poll, ROW_UNITS)) return;
        if (!is_hatched(area, series, i)) continue;
        for (from = i; i + 1 < n && is_hatched(area, series, i + 1);) i++;
        double left = svg_area_x(area, svg_area_row(area, from)[0] - area->gap / 2);
        double right = svg_area_x(area, svg_area_row(area, i)[0] + area->gap / 2);
        text_add(area->out, "<rect fill=\"url(#athlete-hatch)\"");
        svg_attribute(area->out, "x", left);
        svg_attribute(area->out, "y", area->top);
        svg_attribute(area->out, "width", right - left);
        svg_attribute(area->out, "height", area->bottom - area->top);
        text_add(area->out, "/>");
    }
}

void svg_area_marks(svg_area *area) {
    const svg_plot *plot = area->plot;
    for (int k = 0; k < plot->n_series; k++) {
        if (plot->marks[k] == SVG_HATCH) add_hatching(area, k);
        if (plot->marks[k] == SVG_LOW) add_band(area, k);
    }
    add_bars(area);
    for (int k = 0; k < plot->n_series; k++) {
        if (plot->marks[k] != SVG_LINE && plot->marks[k] != SVG_DASHED) continue;
        add_plot_line(area, k);
        add_lone_points(area, k);
    }
    for (int k = 0; k < plot->n_series; k++) {
        if (plot->marks[k] == SVG_RING) add_dots(area, k);
    }
    for (int k = 0; k < plot->n_series; k++) { /* full ones would be lost under many empty ones */
        if (plot->marks[k] == SVG_DOT) add_dots(area, k);
    }
}
