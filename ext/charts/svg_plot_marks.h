/* The marks of a plot within its frame. */
#ifndef ATHLETE_CHARTS_SVG_PLOT_MARKS_H
#define ATHLETE_CHARTS_SVG_PLOT_MARKS_H

#include "charts/svg_axis.h"
#include "charts/svg_plot_spec.h"
#include "charts/svg_rows.h"

/* Where the plot lies on the picture (px) and what it shows (values). */
typedef struct svg_area {
    const svg_plot *plot;
    svg_rows *rows;
    text_buffer *out;
    athlete_poll *poll;
    double left, right, top, bottom;
    double first, last, low, high;
    double gap;     /* the least distance of two x */
    bool has_lines; /* behind which bars are paler */
    bool is_tight;  /* every second text of the x axis is a line lower */
} svg_area;

static inline const double *svg_area_row(const svg_area *area, size_t i) {
    return area->rows->cells + i * (size_t)area->rows->columns;
}

double svg_area_x(const svg_area *area, double x);
double svg_area_y(const svg_area *area, double y);

/* Bars of one x: what is above zero stands on what is above, what is below hangs on what is below. */
typedef struct svg_stack {
    double x, up, down; /* x is NaN at first */
} svg_stack;

/* Where a bar of this height begins. */
double svg_stack_add(svg_stack *stack, double x, double height);

/* The colour of a series: those that share a band share one. */
int svg_area_colour(const svg_plot *plot, int series);

void svg_area_marks(svg_area *area);

/* Single marks, also for the legend; svg_dot leaves its element open. */
void svg_rule(text_buffer *out, const char *class, double x1, double y1, double x2, double y2);
void svg_stroke(text_buffer *out, svg_mark mark, int colour, double x1, double y, double x2);
void svg_dot(text_buffer *out, svg_mark mark, int colour, double x, double y);
void svg_hatch_pattern(text_buffer *out);

#endif
