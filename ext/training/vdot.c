#include "training/vdot.h"

#include <math.h>
#include "base/numbers/elementary.h"

#define COST_QUADRATIC 0.000104
#define COST_LINEAR    0.182258
#define COST_CONSTANT  4.6

static double cost_of_speed(double m_min) {
    return m_min * (COST_LINEAR + COST_QUADRATIC * m_min) - COST_CONSTANT;
}

/* The positive root of the quadratic, in the form that cancels nothing. */
static double speed_of_cost(double cost) {
    double c = cost + COST_CONSTANT;
    return 2 * c / (COST_LINEAR + sqrt(COST_LINEAR * COST_LINEAR + 4 * COST_QUADRATIC * c));
}

static double fraction_of_maximum(double minutes) {
    return 0.8 + 0.1894393 * elementary_exp(-0.012778 * minutes) +
           0.2989558 * elementary_exp(-0.1932605 * minutes);
}

double vdot_of_race(double distance_m, double seconds) {
    if (distance_m == 0 || seconds == 0) return NAN;
    double minutes = seconds / 60;
    double cost = cost_of_speed(distance_m / minutes);
    return cost > 0 ? cost / fraction_of_maximum(minutes) : NAN;
}

/* Fixed-point iteration on the time: the fraction that a time allows gives a speed, which gives a time. A
** time that is 1 % off changes the fraction by at most 0.12 %, and the speed by no more than that; so
** each round leaves an eighth of the error, from any start. 20 rounds are a count and not a tolerance:
** the same steps everywhere. */
double vdot_race_time(double vdot, double distance_m) {
    if (vdot == 0 || distance_m == 0) return NAN;
    double minutes = 30;
    for (int round = 0; round < 20; round++) {
        minutes = distance_m / speed_of_cost(vdot * fraction_of_maximum(minutes));
    }
    return minutes * 60;
}

double vdot_threshold_pace(double vdot) {
    if (vdot == 0) return NAN;
    return 1000 / speed_of_cost(vdot * fraction_of_maximum(60));
}
