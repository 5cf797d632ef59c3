/* Rows over an axis of days, numbers or texts, in marks that may be mixed: lines, bands, bars, dots, hatching; with zones behind. */
#ifndef ATHLETE_CHARTS_SVG_PLOT_H
#define ATHLETE_CHARTS_SVG_PLOT_H

#include "base/text/json_members.h"
#include "charts/svg_plot_spec.h"
#include "charts/svg_rows.h"

/* Reads what the options say in lists; `options` may be NULL. The names live until the reading is closed. */
athlete_status svg_plot_lists(svg_plot *plot, json_members *options);

/* Draws the rows, at least one, whose first cell is x (days since 1970, a number, or a text's number) and sorts them by it. */
athlete_status svg_plot_draw(const svg_plot *plot, svg_rows *rows, text_buffer *out, athlete_poll *poll);

#endif
