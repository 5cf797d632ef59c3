#include "training/pace.h"

#include <math.h>

static double ratio(double a, double b) {
    return a == 0 || b == 0 ? NAN : a / b;
}

double pace_min_km(double distance_m, double seconds) {
    return ratio(seconds / 60, distance_m / 1000);
}

double intensity_factor(double pace, double threshold_pace) {
    return ratio(threshold_pace, pace);
}

double efficiency_index(double pace, double hr_bpm) {
    return ratio(pace, hr_bpm);
}
