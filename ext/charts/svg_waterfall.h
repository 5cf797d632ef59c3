/* How parts lead from a start to an end: each part a bar from where the one before it ended. */
#ifndef ATHLETE_CHARTS_SVG_WATERFALL_H
#define ATHLETE_CHARTS_SVG_WATERFALL_H

#include "charts/svg_rows.h"
#include "charts/svg_writer.h"

#define SVG_PARTS_MAX 60

/* Rows are a name's number and a value, in their order. Names may be NULL for "start" and "end". */
athlete_status svg_waterfall_draw(const svg_look *look, double start, const char *start_name,
                                  const char *end_name, const svg_rows *rows, text_buffer *out);

#endif
