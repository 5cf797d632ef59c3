#include "charts/svg_plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "charts/svg_plot_marks.h"
#include "charts/svg_plot_range.h"

static const char *const mark_words[] = {"line", "dashed", "bar",   "dot", "ring",
                                         "low",  "high",   "hatch", NULL};
static const char *const zone_tones[] = {"none", "good", "warn", "bad", NULL};

#define ZONE_EDGE_MAX      1e12
#define LEGEND_LINE_PX     18
#define LEGEND_SWATCH_PX   22
#define GRID_PX            40 /* between two ticks of the y axis, at least */
#define DEFAULT_HEIGHT     260
#define TEXTS_IN_TWO_LINES 8
#define TEXT_ALONE_PX      90 /* what a text of the x axis may take where not all have room */
#define ZONE_NAME_PX       12 /* high a zone is at least that has its name beside it */
#define ZONE_NAMES_SHARE   0.25

/* --- options that are lists ------------------------------------------------------------------------------ */

static int word_number(const char *const *words, const char *word) {
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0) return i;
    }
    return -1;
}

static void read_marks(svg_plot *plot, json_members *options) {
    const char *words[SVG_SERIES_MAX];
    if (json_member_texts(options, "marks", (size_t)plot->n_series, words) != ATHLETE_OK) return;
    for (int i = 0; i < plot->n_series; i++) {
        int mark = word_number(mark_words, words[i]);
        if (mark < 0) {
            json_members_refuse(options, "\"marks\" are line, dashed, bar, dot, ring, low, high or hatch");
            return;
        }
        plot->marks[i] = (svg_mark)mark;
    }
    for (int i = 0; i < plot->n_series; i++) {
        bool has_low = i > 0 && plot->marks[i - 1] == SVG_LOW;
        bool has_high = i + 1 < plot->n_series && plot->marks[i + 1] == SVG_HIGH;
        if ((plot->marks[i] == SVG_HIGH && !has_low) || (plot->marks[i] == SVG_LOW && !has_high))
            json_members_refuse(options, "\"marks\" have high behind each low, and nowhere else");
    }
}

static void read_zones(svg_plot *plot, json_members *options) {
    number_list edges =
        json_member_numbers(options, "zones", 2, SVG_ZONES_MAX + 1, -ZONE_EDGE_MAX, ZONE_EDGE_MAX);
    if (options->status != ATHLETE_OK) return;
    for (size_t i = 0; i < edges.n; i++) {
        if (i > 0 && !(edges.values[i] > edges.values[i - 1]))
            json_members_refuse(options, "\"zones\" must ascend: each edge above the one before");
        plot->zone_edges[i] = edges.values[i];
    }
    const char *tones[SVG_ZONES_MAX];
    json_member_texts(options, "zone_names", edges.n - 1, plot->zone_names);
    if (json_member_texts(options, "zone_tones", edges.n - 1, tones) != ATHLETE_OK) return;
    for (size_t i = 0; i + 1 < edges.n; i++) {
        plot->zone_tones[i] = word_number(zone_tones, tones[i]);
        if (plot->zone_tones[i] < 0)
            json_members_refuse(options, "\"zone_tones\" are none, good, warn or bad");
    }
    plot->n_zones = options->status == ATHLETE_OK ? (int)edges.n - 1 : 0;
}

athlete_status svg_plot_lists(svg_plot *plot, json_members *options) {
    if (json_member_is_there(options, "series"))
        json_member_texts(options, "series", (size_t)plot->n_series, plot->names);
    if (json_member_is_there(options, "marks")) read_marks(plot, options);
    if (json_member_is_there(options, "zones")) read_zones(plot, options);
    if (!isnan(plot->y_min) && !isnan(plot->y_max) && plot->y_min >= plot->y_max)
        json_members_refuse(options, "\"y_min\" must be below \"y_max\"");
    return options->status;
}

/* --- the frame -------------------------------------------------------------------------------------------- */

static void add_swatch(text_buffer *out, svg_mark mark, bool is_pale, int colour, double x, double y) {
    if (mark == SVG_LINE || mark == SVG_DASHED) svg_stroke(out, mark, colour, x, y - 4, x + 16);
    else if (mark == SVG_DOT || mark == SVG_RING)
        svg_dot(out, mark, colour, x + 8, y - 4), text_add(out, "/>");
    else if (mark == SVG_HATCH) {
        text_add(out, "<rect fill=\"url(#athlete-hatch)\"");
        svg_attribute(out, "x", x);
        svg_attribute(out, "y", y - 10);
        text_add(out, " width=\"16\" height=\"12\"/>");
    } else {
        char class[] = "f0 b";
        class[1] = (char)('0' + colour);
        if (mark == SVG_BAR) class[is_pale ? 3 : 2] = is_pale ? 'k' : '\0';
        svg_box(out, class, x, y - 9, 16, 10);
        text_add(out, "/>");
    }
}

/* The last number of a series that has marks of its own. */
static double last_value(const svg_area *area, int series) {
    double value = NAN;
    svg_mark mark = area->plot->marks[series];
    if (area->plot->x == SVG_X_TEXT || (mark != SVG_LINE && mark != SVG_DASHED)) return value;
    for (size_t i = area->rows->n; i-- > 0 && isnan(value);) value = svg_area_row(area, i)[series + 1];
    return value;
}

static double add_legend(svg_area *area, double top) {
    const svg_plot *plot = area->plot;
    text_buffer *out = area->out;
    double width = (double)plot->look.width, x = 8;
    if (!plot->names[0]) return top;
    for (int k = 0; k < plot->n_series; k++) {
        if (plot->marks[k] == SVG_HIGH || plot->names[k][0] == '\0') continue;
        char label[SVG_LABEL_SIZE] = "";
        double value = last_value(area, k);
        if (!isnan(value)) svg_label(value, plot->look.format, (int)plot->look.decimals, label);
        double room = width - 16 - LEGEND_SWATCH_PX - svg_width_px(label) - 8;
        double words = svg_width_px(plot->names[k]);
        if (words > room) words = room;
        double wanted = LEGEND_SWATCH_PX + words + (label[0] ? svg_width_px(label) + 6 : 0);
        if (x > 8 && x + wanted > width - 8) {
            x = 8;
            top += LEGEND_LINE_PX;
        }
        add_swatch(out, plot->marks[k], area->has_lines, svg_area_colour(plot, k), x, top + 12);
        svg_words(out, x + LEGEND_SWATCH_PX, top + 12, "start", NULL, plot->names[k], words + 1);
        if (label[0])
            svg_words(out, x + LEGEND_SWATCH_PX + words + 6, top + 12, "start", "m", label, HUGE_VAL);
        x += wanted + 16;
    }
    return top + LEGEND_LINE_PX + 4;
}

static void add_zones(svg_area *area) {
    const svg_plot *plot = area->plot;
    for (int i = 0; i < plot->n_zones; i++) {
        double top = svg_area_y(area, plot->zone_edges[i + 1]),
               bottom = svg_area_y(area, plot->zone_edges[i]);
        if (bottom - top < 0.5) continue;
        char class[8];
        snprintf(class, sizeof class, "z%s", zone_tones[plot->zone_tones[i]]);
        svg_box(area->out, class, area->left, top, area->right - area->left, bottom - top);
        text_add(area->out, "/>");
    }
}

static bool is_zone_named(const svg_area *area, int zone, double *y) {
    double top = svg_area_y(area, area->plot->zone_edges[zone + 1]),
           bottom = svg_area_y(area, area->plot->zone_edges[zone]);
    *y = (top + bottom) / 2 + 4;
    return bottom - top >= ZONE_NAME_PX;
}

/* What the names of the zones take on the right, beside the plot, where no line crosses them. */
static double zone_names_px(const svg_area *area) {
    const svg_plot *plot = area->plot;
    double widest = 0, most = (double)plot->look.width * ZONE_NAMES_SHARE, y;
    for (int i = 0; i < plot->n_zones; i++) {
        double px = svg_width_px(plot->zone_names[i]) + 6;
        if (is_zone_named(area, i, &y) && px > widest) widest = px;
    }
    return widest < most ? widest : most;
}

static void add_zone_names(svg_area *area, double room) {
    double y;
    for (int i = 0; i < area->plot->n_zones; i++) {
        if (is_zone_named(area, i, &y))
            svg_words(area->out, area->right + 6, y, "start", "m", area->plot->zone_names[i], room);
    }
}

static void add_y_axis(svg_area *area, const svg_ticks *ticks) {
    for (int i = 0; i < ticks->n; i++) {
        double y = svg_area_y(area, ticks->list[i].at);
        svg_rule(area->out, ticks->list[i].at == 0 ? "x" : "g", area->left, y, area->right, y);
        svg_words(area->out, area->left - 6, y + 4, "end", "m", ticks->list[i].label, HUGE_VAL);
    }
}

static double widest_text(const svg_rows *rows) {
    double widest = 0;
    for (size_t i = 0; i < rows->n_names; i++) {
        double px = svg_width_px(svg_rows_name_of(rows, (double)i));
        if (px > widest) widest = px;
    }
    return widest;
}

static void add_x_axis(svg_area *area) {
    text_buffer *out = area->out;
    double room = area->right - area->left, y = area->bottom + 16;
    svg_rule(out, "x", area->left, area->bottom, area->right, area->bottom);
    if (area->plot->x == SVG_X_TEXT) {
        /* as many as have room, every second or third where all have not */
        size_t n = area->rows->n_names, each = 1;
        double widest = widest_text(area->rows), slot = room / (double)n;
        if (widest > TEXT_ALONE_PX) widest = TEXT_ALONE_PX;
        while ((double)each * slot < widest + 8 && each < n && n > TEXTS_IN_TWO_LINES) each++;
        for (size_t i = 0; i < n; i += each)
            svg_words(out, svg_area_x(area, (double)i), y + (area->is_tight && i % 2 ? 13 : 0), "middle", "m",
                      svg_rows_name_of(area->rows, (double)i), (area->is_tight ? 1.9 : (double)each) * slot);
        return;
    }
    svg_ticks ticks;
    if (area->plot->x == SVG_X_DATE) svg_date_ticks(&ticks, area->first, area->last, (int)(room / 52));
    else svg_number_ticks(&ticks, &area->first, &area->last, (int)(room / 60), SVG_NUMBER, false, false);
    for (int i = 0; i < ticks.n; i++) {
        double x = svg_area_x(area, ticks.list[i].at), half = svg_width_px(ticks.list[i].label) / 2;
        svg_rule(out, "x", x, area->bottom, x, area->bottom + 4);
        if (x + half > area->right + 8)
            svg_words(out, area->right + 8, y, "end", "m", ticks.list[i].label, HUGE_VAL);
        else svg_words(out, x, y, "middle", "m", ticks.list[i].label, HUGE_VAL);
    }
}

static bool has_mark(const svg_plot *plot, svg_mark mark) {
    for (int k = 0; k < plot->n_series; k++) {
        if (plot->marks[k] == mark) return true;
    }
    return false;
}

athlete_status svg_plot_draw(const svg_plot *plot, svg_rows *rows, text_buffer *out, athlete_poll *poll) {
    athlete_status status = svg_rows_sort(rows, poll);
    if (status != ATHLETE_OK) return status;
    int height = plot->look.height > 0 ? (int)plot->look.height : DEFAULT_HEIGHT;
    svg_area area = {.plot = plot, .rows = rows, .out = out, .poll = poll};
    svg_open(out, &plot->look, height, plot->kind, rows->n);
    if (has_mark(plot, SVG_HATCH)) svg_hatch_pattern(out);
    area.has_lines = has_mark(plot, SVG_LINE) || has_mark(plot, SVG_DASHED);
    area.is_tight = plot->x == SVG_X_TEXT && rows->n_names <= TEXTS_IN_TWO_LINES &&
                    (widest_text(rows) + 6) * (double)rows->n_names > (double)plot->look.width - 60;
    area.top = add_legend(&area, svg_heading(out, &plot->look)) + 8;
    area.bottom = height - (area.is_tight ? 40 : 26);
    if (area.bottom < area.top + 20) area.bottom = area.top + 20;
    status = svg_area_ranges(&area);
    if (status != ATHLETE_OK) return status;
    svg_ticks ticks;
    svg_number_ticks(&ticks, &area.low, &area.high, (int)((area.bottom - area.top) / GRID_PX),
                     plot->look.format, isnan(plot->y_min), isnan(plot->y_max));
    area.left = 20;
    for (int i = 0; i < ticks.n; i++) {
        double px = svg_width_px(ticks.list[i].label) + 14;
        if (px > area.left) area.left = px;
    }
    double names_px = zone_names_px(&area);
    area.right = (double)plot->look.width - 12 - names_px;
    add_zones(&area);
    add_y_axis(&area, &ticks);
    svg_area_marks(&area);
    add_x_axis(&area);
    add_zone_names(&area, names_px);
    svg_close(out);
    return poll->stopped ? ATHLETE_INTERRUPTED : out->status;
}
