#include "training/load.h"

#include <math.h>
#include "base/numbers/elementary.h"
#include "training/pace.h"

static const struct {
    double factor, exponent;
} banister_constants[] = {
    [ATHLETE_MALE] = {0.64, 1.92},
    [ATHLETE_FEMALE] = {0.86, 1.67},
};

double training_stress(double moving_min, double pace, double threshold_pace) {
    double intensity = intensity_factor(pace, threshold_pace);
    return moving_min * (intensity * intensity) / 60 * 100;
}

/* Fraction of the heart rate reserve, 0 at rest and below. Not cut off above 1: a rate above the maximum
** means that the maximum is set too low, and a load should still tell two such efforts apart. */
static double reserve_fraction(double hr, double max_hr, double rest_hr) {
    if (hr == 0 || max_hr <= rest_hr) return NAN;
    return hr <= rest_hr ? 0 : (hr - rest_hr) / (max_hr - rest_hr);
}

double training_impulse(double minutes, double hr, double max_hr, double rest_hr, athlete_sex sex) {
    double reserve = reserve_fraction(hr, max_hr, rest_hr);
    return minutes * reserve * banister_constants[sex].factor *
           elementary_exp(banister_constants[sex].exponent * reserve);
}

double heart_rate_stress(double minutes, double hr, double max_hr, double rest_hr, double threshold_hr,
                         athlete_sex sex) {
    double reserve = reserve_fraction(hr, max_hr, rest_hr);
    double threshold = reserve_fraction(threshold_hr, max_hr, rest_hr);
    if (threshold == 0) return NAN;
    /* TRIMP(minutes, hr) / TRIMP(60, threshold) with one exponential */
    return minutes / 60 * 100 * (reserve / threshold) *
           elementary_exp(banister_constants[sex].exponent * (reserve - threshold));
}

double power_stress(double moving_min, double power_w, double ftp_w) {
    if (ftp_w == 0) return NAN;
    double intensity = power_w / ftp_w;
    return moving_min * (intensity * intensity) / 60 * 100;
}

double exertion_stress(double moving_min, double rpe) {
    /* Points an hour at 0, 1 … 10; between two of them on the line. */
    static const double points_per_h[] = {0, 20, 30, 40, 50, 60, 70, 80, 100, 120, 140};
    int below = rpe >= 10 ? 9 : rpe > 0 ? (int)rpe : 0;
    double part = rpe - below;
    return moving_min / 60 * (points_per_h[below] + part * (points_per_h[below + 1] - points_per_h[below]));
}
