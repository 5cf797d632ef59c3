/* A line of the size of a word, with a dot at its end. */
#ifndef ATHLETE_CHARTS_SVG_SPARKLINE_H
#define ATHLETE_CHARTS_SVG_SPARKLINE_H

#include "charts/svg_rows.h"
#include "charts/svg_writer.h"

/* The first cells in their order, NaN for a gap; `width` and `height` of the look, or 120 and 24. */
athlete_status svg_sparkline_draw(const svg_look *look, const svg_rows *rows, text_buffer *out,
                                  athlete_poll *poll);

#endif
