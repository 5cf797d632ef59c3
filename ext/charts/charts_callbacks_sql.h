/* What the table in charts_sql.c refers to: callbacks and options of the pictures. */
#ifndef ATHLETE_CHARTS_CHARTS_CALLBACKS_SQL_H
#define ATHLETE_CHARTS_CHARTS_CALLBACKS_SQL_H

#include "base/binding/function.h"
#include "base/binding/options.h"

extern const athlete_option svg_plot_options[], svg_histogram_options[], svg_waterfall_options[],
    svg_calendar_options[], svg_sparkline_options[];

/* options, x, y… */
void svg_plot_step(sqlite3_context *context, int argc, sqlite3_value **argv);
/* options, value */
void svg_value_step(sqlite3_context *context, int argc, sqlite3_value **argv);
/* options, name, value */
void svg_part_step(sqlite3_context *context, int argc, sqlite3_value **argv);
/* options, day, value */
void svg_day_step(sqlite3_context *context, int argc, sqlite3_value **argv);

void svg_line_final(sqlite3_context *context);
void svg_band_final(sqlite3_context *context);
void svg_bars_final(sqlite3_context *context);
void svg_histogram_final(sqlite3_context *context);
void svg_waterfall_final(sqlite3_context *context);
void svg_calendar_final(sqlite3_context *context);
void svg_sparkline_final(sqlite3_context *context);

#endif
