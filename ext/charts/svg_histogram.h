/* How often values lie where: bars between round numbers. */
#ifndef ATHLETE_CHARTS_SVG_HISTOGRAM_H
#define ATHLETE_CHARTS_SVG_HISTOGRAM_H

#include "charts/svg_rows.h"
#include "charts/svg_writer.h"

/* About `bins` bins (1 to 60) of the first cells, each from its edge up to the next one, the last with its end. */
athlete_status svg_histogram_draw(const svg_look *look, int bins, const svg_rows *rows, text_buffer *out,
                                  athlete_poll *poll);

#endif
