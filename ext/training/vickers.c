#include "training/vickers.h"

#include <math.h>
#include "base/numbers/elementary.h"

#define MARATHON_M      42195.0
#define KM_PER_10_MILES 16.09344

double vickers_marathon(double seconds, double distance_m, double weekly_km) {
    if (seconds == 0 || distance_m == 0) return NAN;
    double riegel_speed_m_s = MARATHON_M / (seconds * elementary_pow(MARATHON_M / distance_m, 1.07));
    double speed_m_s =
        0.16018617 + 0.83076202 * riegel_speed_m_s + 0.06423826 * (weekly_km / KM_PER_10_MILES);
    return MARATHON_M / speed_m_s;
}

double vickers_marathon_two(double seconds_1, double distance_1_m, double seconds_2, double distance_2_m,
                            double weekly_km) {
    if (seconds_1 == 0 || distance_1_m == 0 || seconds_2 == 0 || distance_2_m == 0) return NAN;
    if (distance_1_m == distance_2_m) return NAN;
    /* The exponent between the two races, Riegel's made personal, and from it the one up to the marathon. */
    double exponent = elementary_log(seconds_2 / seconds_1) / elementary_log(distance_2_m / distance_1_m);
    double to_marathon = 1.4510756 - 0.23797948 * exponent - 0.01410023 * (weekly_km / KM_PER_10_MILES);
    double longer_m = distance_1_m > distance_2_m ? distance_1_m : distance_2_m;
    double longer_s = distance_1_m > distance_2_m ? seconds_1 : seconds_2;
    return longer_s * elementary_pow(MARATHON_M / longer_m, to_marathon);
}
