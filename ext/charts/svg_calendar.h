/* Days as squares, a column for each week and a block for each year: the darker the more. */
#ifndef ATHLETE_CHARTS_SVG_CALENDAR_H
#define ATHLETE_CHARTS_SVG_CALENDAR_H

#include "charts/svg_rows.h"
#include "charts/svg_writer.h"

#define SVG_YEARS_MAX 40

/* Rows are a day since 1970 and a value from 0; those of one day are added, and days before the first and after the
** last are frames. Sorts them. ATHLETE_INVALID when they are of more than SVG_YEARS_MAX years. */
athlete_status svg_calendar_draw(const svg_look *look, svg_rows *rows, text_buffer *out, athlete_poll *poll);

#endif
