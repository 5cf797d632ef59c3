#include "charts/svg_waterfall.h"

#include "charts/scale.h"

#define PART_PX 24

typedef struct waterfall {
    const svg_look *look;
    text_buffer *out;
    double low, high, left, right; /* values, and where they lie */
    double names, values;          /* px of the longest name and the longest number */
    double top;
} waterfall;

static double waterfall_x(const waterfall *w, double value) {
    return w->left + scale_position(value, w->low, w->high) * (w->right - w->left);
}

/* "+1.5" */
static void part_label(const svg_look *look, double value, bool is_change, char label[SVG_LABEL_SIZE + 1]) {
    label[0] = '+';
    svg_label(value, look->format, (int)look->decimals, label + (is_change && value >= 0));
}

static void add_part(waterfall *w, const char *name, double from, double to, bool is_change) {
    char label[SVG_LABEL_SIZE + 1];
    double shown = is_change ? to - from : to;
    double a = waterfall_x(w, from), b = waterfall_x(w, to);
    part_label(w->look, shown, is_change, label);
    svg_words(w->out, 8, w->top + 16, "start", NULL, name, w->names);
    svg_words(w->out, (double)w->look->width - 8, w->top + 16, "end", NULL, label, w->values + 1);
    if (!is_change) {
        text_add(w->out, "<path class=\"x\" d=\"M");
        svg_put(w->out, b);
        text_add(w->out, " ");
        svg_put(w->out, w->top + 2);
        text_add(w->out, "v20\" stroke-width=\"3\"/>");
    } else {
        double width = a < b ? b - a : a - b;
        svg_box(w->out, to < from ? "f0" : "f1", a < b ? a : b, w->top + 4, width < 0.5 ? 0.5 : width,
                PART_PX - 8);
        svg_told(w->out, w->look, "rect", name, shown);
    }
    w->top += PART_PX;
}

static void measure_waterfall(waterfall *w, const char *name, double at, double shown, bool is_change) {
    char label[SVG_LABEL_SIZE + 1];
    part_label(w->look, shown, is_change, label);
    double name_px = svg_width_px(name) + 2, label_px = svg_width_px(label);
    if (name_px > w->names) w->names = name_px;
    if (label_px > w->values) w->values = label_px;
    if (at < w->low) w->low = at;
    if (at > w->high) w->high = at;
}

athlete_status svg_waterfall_draw(const svg_look *look, double start, const char *start_name,
                                  const char *end_name, const svg_rows *rows, text_buffer *out) {
    waterfall w = {.look = look, .out = out, .low = start, .high = start};
    double at = start;
    if (!start_name) start_name = "start";
    if (!end_name) end_name = "end";
    measure_waterfall(&w, start_name, start, start, false);
    for (size_t i = 0; i < rows->n; i++) {
        at += rows->cells[2 * i + 1];
        measure_waterfall(&w, svg_rows_name_of(rows, rows->cells[2 * i]), at, rows->cells[2 * i + 1], true);
    }
    measure_waterfall(&w, end_name, at, at, false);
    if (!(w.low < w.high)) w.low -= 1, w.high += 1;
    double most = (double)look->width * 0.45;
    if (w.names > most) w.names = most;
    w.left = 8 + w.names + 10;
    w.right = (double)look->width - 8 - w.values - 10;
    if (w.right < w.left + 20) w.right = w.left + 20;
    double heading = look->title || look->unit ? 28 : 8;
    svg_open(out, look, (int)(heading + PART_PX * ((double)rows->n + 2) + 10), "Waterfall chart", rows->n);
    w.top = svg_heading(out, look);
    add_part(&w, start_name, start, start, false);
    at = start;
    for (size_t i = 0; i < rows->n; i++) {
        double next = at + rows->cells[2 * i + 1];
        add_part(&w, svg_rows_name_of(rows, rows->cells[2 * i]), at, next, true);
        at = next;
    }
    add_part(&w, end_name, at, at, false);
    svg_close(out);
    return out->status;
}
