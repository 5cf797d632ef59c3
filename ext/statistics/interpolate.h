/* Between two numbers. */
#ifndef ATHLETE_STATISTICS_INTERPOLATE_H
#define ATHLETE_STATISTICS_INTERPOLATE_H

/* The share of the way from a to b, exact at both ends and never outside them; NAN where the way is too long for a double. */
static inline double interpolate(double a, double b, double share) {
    double width = b - a;
    return share < 0.5 ? a + width * share : b - width * (1 - share);
}

#endif
