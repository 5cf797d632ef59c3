#include "charts/svg_sparkline.h"

#include <math.h>
#include "charts/scale.h"

#define SPARK_HEIGHT 24
#define SPARK_EDGE   3

static void add_colours(text_buffer *out, int theme) {
    text_add(out, theme == SVG_DARK ? "<style>.spark{color:#62b6ee}" : "<style>.spark{color:#0069a6}");
    if (theme == SVG_AUTO) text_add(out, "@media(prefers-color-scheme:dark){.spark{color:#62b6ee}}");
    text_add(out, "</style>");
}

athlete_status svg_sparkline_draw(const svg_look *look, const svg_rows *rows, text_buffer *out,
                                  athlete_poll *poll) {
    double low = HUGE_VAL, high = -HUGE_VAL, x = 0, y = NAN;
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->cells[i] < low) low = rows->cells[i];
        if (rows->cells[i] > high) high = rows->cells[i];
    }
    double height = look->height > 0 ? (double)look->height : SPARK_HEIGHT, width = (double)look->width;
    text_add(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"spark\" role=\"img\"");
    svg_attribute(out, "width", width);
    svg_attribute(out, "height", height);
    text_add(out, "><title>");
    svg_escaped(out, look->title ? look->title : "Sparkline");
    text_add(out, "</title>");
    if (look->desc) {
        text_add(out, "<desc>");
        svg_escaped(out, look->desc);
        text_add(out, "</desc>");
    }
    add_colours(out, look->theme);
    text_add(
        out,
        "<path fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.5\" stroke-linecap=\"round\" d=\"");
    bool is_apart = true;
    for (size_t i = 0; i < rows->n; i++) {
        if (poll_due(poll, 200)) return ATHLETE_INTERRUPTED;
        if (isnan(rows->cells[i])) {
            is_apart = true;
            continue;
        }
        double share = low < high ? scale_position(rows->cells[i], low, high) : 0.5;
        x = SPARK_EDGE + (rows->n > 1 ? (double)i / (double)(rows->n - 1) : 1) * (width - 2 * SPARK_EDGE);
        y = height - SPARK_EDGE - share * (height - 2 * SPARK_EDGE);
        text_add(out, is_apart ? "M" : "L");
        svg_put(out, x);
        text_add(out, " ");
        svg_put(out, y);
        is_apart = false;
    }
    text_add(out, "\"/>");
    if (!isnan(y)) {
        text_add(out, "<circle fill=\"currentColor\" r=\"2.5\"");
        svg_attribute(out, "cx", x);
        svg_attribute(out, "cy", y);
        text_add(out, "/>");
    }
    svg_close(out);
    return out->status;
}
