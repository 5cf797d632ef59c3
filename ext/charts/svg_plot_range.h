/* What the axes of a plot reach from and to. */
#ifndef ATHLETE_CHARTS_SVG_PLOT_RANGE_H
#define ATHLETE_CHARTS_SVG_PLOT_RANGE_H

#include "charts/svg_plot_marks.h"

/* Finds first, last and gap, low and high of rows that are sorted by x. Dots that are far out are not in low and high. */
athlete_status svg_area_ranges(svg_area *area);

#endif
