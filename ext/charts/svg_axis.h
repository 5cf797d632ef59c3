/* Where an axis has its ticks and what is written there. */
#ifndef ATHLETE_CHARTS_SVG_AXIS_H
#define ATHLETE_CHARTS_SVG_AXIS_H

#include <stdbool.h>
#include "charts/svg_writer.h"

#define SVG_TICKS_MAX 64

typedef struct svg_tick {
    double at;
    char label[SVG_LABEL_SIZE];
} svg_tick;

typedef struct svg_ticks {
    int n;
    svg_tick list[SVG_TICKS_MAX];
} svg_ticks;

/* Round numbers (1, 2 or 5 times a power of ten), or round times, no more than about `most` of them. A range of nothing is widened;
** where `low_is_free` and `high_is_free` the range ends at a tick. Numbers of at most 1e16 in size. */
void svg_number_ticks(svg_ticks *ticks, double *low, double *high, int most, int format, bool low_is_free,
                      bool high_is_free);

/* First days of months or years, Mondays, or days; low and high are days since 1970. */
void svg_date_ticks(svg_ticks *ticks, double low, double high, int most);

/* The first day of a month (1 to 12) of a year from 0 to 9999, and what the month is called. */
int svg_month_start(int year, int month);
extern const char svg_month_names[12][4];

#endif
