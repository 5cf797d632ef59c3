#include "charts/svg_histogram.h"

#include <stdio.h>
#include "charts/scale.h"
#include "charts/svg_axis.h"

#define HISTOGRAM_HEIGHT 220

/* The bin of a value: the last edge that is not above it. */
static int bin_of(const svg_ticks *edges, double value) {
    int low = 0, high = edges->n - 2;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (edges->list[middle].at <= value) low = middle;
        else high = middle - 1;
    }
    return low;
}

static void add_histogram_bars(const svg_look *look, const svg_ticks *edges, const size_t *counts,
                               double most, double left, double top, double bottom, text_buffer *out) {
    double width = ((double)look->width - 12 - left) / (edges->n - 1);
    for (int i = 0; i + 1 < edges->n; i++) {
        char name[2 * SVG_LABEL_SIZE + 8];
        snprintf(name, sizeof name, "%s to %s", edges->list[i].label, edges->list[i + 1].label);
        double high = scale_position((double)counts[i], 0, most) * (bottom - top);
        if (counts[i] > 0) {
            svg_box(out, "f0", left + i * width + 0.5, bottom - high, width - 1, high);
            svg_look whole = {.format = SVG_NUMBER};
            svg_told(out, &whole, "rect", name, (double)counts[i]);
        }
    }
    int each = 1;
    while (each * width < 44) each++;
    for (int i = 0; i < edges->n; i += each) {
        bool is_last = i == edges->n - 1;
        svg_words(out, left + i * width + (is_last ? 8 : 0), bottom + 16, is_last ? "end" : "middle", "m",
                  edges->list[i].label, 60);
    }
}

athlete_status svg_histogram_draw(const svg_look *look, int bins, const svg_rows *rows, text_buffer *out,
                                  athlete_poll *poll) {
    double low = rows->cells[0], high = low;
    for (size_t i = 1; i < rows->n; i++) {
        if (rows->cells[i] < low) low = rows->cells[i];
        if (rows->cells[i] > high) high = rows->cells[i];
        if (i % 4096 == 0 && poll_due(poll, 8192)) return ATHLETE_INTERRUPTED;
    }
    svg_ticks edges, ticks;
    svg_number_ticks(&edges, &low, &high, bins, look->format, true, true);
    size_t counts[SVG_TICKS_MAX] = {0};
    for (size_t i = 0; i < rows->n; i++) {
        counts[bin_of(&edges, rows->cells[i])]++;
        if (i % 4096 == 0 && poll_due(poll, 65536)) return ATHLETE_INTERRUPTED;
    }
    double least = 0, most = 0;
    for (int i = 0; i + 1 < edges.n; i++) most = (double)counts[i] > most ? (double)counts[i] : most;
    int height = look->height > 0 ? (int)look->height : HISTOGRAM_HEIGHT;
    svg_open(out, look, height, "Histogram", rows->n);
    double top = svg_heading(out, look) + 8, bottom = height - 26, left = 20;
    if (bottom < top + 20) bottom = top + 20;
    svg_number_ticks(&ticks, &least, &most, most < 4 ? (int)most : 4, SVG_NUMBER, false, true);
    for (int i = 0; i < ticks.n; i++) {
        double wanted = svg_width_px(ticks.list[i].label) + 14;
        if (wanted > left) left = wanted;
    }
    for (int i = 0; i < ticks.n; i++) {
        double y = bottom - scale_position(ticks.list[i].at, 0, most) * (bottom - top);
        text_add(out, "<path class=\"g\" d=\"M");
        svg_put(out, left);
        text_add(out, " ");
        svg_put(out, y);
        text_add(out, "H");
        svg_put(out, (double)look->width - 12);
        text_add(out, "\"/>");
        svg_words(out, left - 6, y + 4, "end", "m", ticks.list[i].label, 400);
    }
    add_histogram_bars(look, &edges, counts, most, left, top, bottom, out);
    svg_close(out);
    return out->status;
}
