/* Where a value lies on an axis. */
#ifndef ATHLETE_CHARTS_SCALE_H
#define ATHLETE_CHARTS_SCALE_H

#include <math.h>

/* 0 at `low` and below, 1 at `high` and above, linear between; NaN unless low < high. Any finite numbers. */
static inline double scale_position(double value, double low, double high) {
    if (!(low < high)) return NAN;
    if (value <= low) return 0;
    if (value >= high) return 1;
    if (isinf(high - low)) return (value / 2 - low / 2) / (high / 2 - low / 2);
    return (value - low) / (high - low);
}

#endif
