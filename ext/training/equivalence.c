#include "training/equivalence.h"

#include <math.h>
#include "base/numbers/elementary.h"

double riegel_time(double seconds, double distance_m, double target_distance_m) {
    if (seconds == 0 || distance_m == 0 || target_distance_m == 0) return NAN;
    return seconds * elementary_pow(target_distance_m / distance_m, 1.06);
}

/* Proportional to the average speed of equivalent races. */
static double cameron_speed(double distance_m) {
    return 13.49681 - 0.000030363 * distance_m + 835.7114 / elementary_pow(distance_m, 0.7905);
}

double cameron_time(double seconds, double distance_m, double target_distance_m) {
    if (seconds == 0 || distance_m == 0 || target_distance_m == 0) return NAN;
    double speed = cameron_speed(distance_m), target_speed = cameron_speed(target_distance_m);
    if (speed <= 0 || target_speed <= 0) return NAN;
    return seconds * (target_distance_m / distance_m) * (speed / target_speed);
}
