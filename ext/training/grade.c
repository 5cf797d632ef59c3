#include "training/grade.h"

#include <math.h>

static double clamp(double x, double limit) {
    return x < -limit ? -limit : x > limit ? limit : x;
}

/* Strava Engineering 2017, "An improved GAP model", as fitted in Elevate (stream-processor.ts); in per
** cent. */
static double strava(double grade) {
    double g = 100 * clamp(grade, 0.40);
    return 1 +
           g * (0.029290920646623777 +
                g * (0.0018083953212790634 +
                     g * (4.0662425671715924e-7 + g * (-3.686186584867523e-7 + g * -2.6628107325930747e-9))));
}

/* Minetti et al. 2002, J Appl Physiol 93:1039-1046: cost of running in J/kg/m, 3.6 on the flat. */
static double minetti(double grade) {
    double i = clamp(grade, 0.45);
    return (3.6 + i * (19.5 + i * (46.3 + i * (-43.3 + i * (-30.4 + i * 155.4))))) / 3.6;
}

double grade_factor(double grade, grade_model model) {
    return model == GRADE_MINETTI ? minetti(grade) : strava(grade);
}

double flat_distance(double distance_m, double climb_m) {
    if (!(distance_m > 0)) return NAN;
    double grade = climb_m / (distance_m / 2);
    return distance_m * ((strava(grade) + strava(-grade)) / 2);
}
