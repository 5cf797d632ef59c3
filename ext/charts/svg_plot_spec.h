/* What a plot shows, and how. */
#ifndef ATHLETE_CHARTS_SVG_PLOT_SPEC_H
#define ATHLETE_CHARTS_SVG_PLOT_SPEC_H

#include "charts/svg_writer.h"

#define SVG_SERIES_MAX 24
#define SVG_ZONES_MAX  16

typedef enum svg_mark {
    SVG_LINE,
    SVG_DASHED,
    SVG_BAR, /* bars of one x stand on one another */
    SVG_DOT,
    SVG_RING,
    SVG_LOW, /* with the next column, which is SVG_HIGH, the ends of a band */
    SVG_HIGH,
    SVG_HATCH /* where it is neither NULL nor 0 the rows are hatched from top to bottom */
} svg_mark;

typedef enum svg_x { SVG_X_DATE, SVG_X_NUMBER, SVG_X_TEXT } svg_x;

typedef struct svg_plot {
    svg_look look;
    const char *kind; /* "Line chart" */
    svg_x x;
    int n_series;
    const char *names[SVG_SERIES_MAX]; /* of the columns behind x; the first is NULL where there are none */
    svg_mark marks[SVG_SERIES_MAX];
    double y_min, y_max; /* NaN where the values say */
    int n_zones;
    double zone_edges[SVG_ZONES_MAX + 1];
    const char *zone_names[SVG_ZONES_MAX];
    int zone_tones[SVG_ZONES_MAX]; /* none, good, warn, bad */
} svg_plot;

#endif
