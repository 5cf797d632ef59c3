#include "training/zones.h"

#include <math.h>

#define REST_UNITS 4503599627370496.0 /* 2^52 */

/* Correctly rounded division makes the comparison exact: hr / max is the double 0.6 if hr is 60 % of max. */
int zone_of(double hr, double max_hr) {
    static const double lower[] = {0.5, 0.6, 0.7, 0.8, 0.9};
    if (!(hr > 0) || !(max_hr > 0)) return -1;
    double fraction = hr / max_hr;
    int zone = 0;
    while (zone < ATHLETE_ZONES - 1 && fraction >= lower[zone]) zone++;
    return zone;
}

double max_hr_from_age(double age_years) {
    return 220 - age_years;
}

static void duration_add(duration_sum *sum, double seconds, int sign) {
    double whole = floor(seconds);
    sum->whole += sign * (int64_t)whole;
    sum->rest += sign * (int64_t)((seconds - whole) * REST_UNITS);
    if (sum->rest < 0) {
        sum->rest += (int64_t)REST_UNITS;
        sum->whole--;
    } else if (sum->rest >= (int64_t)REST_UNITS) {
        sum->rest -= (int64_t)REST_UNITS;
        sum->whole++;
    }
}

static double duration_value(const duration_sum *sum) {
    return (double)sum->whole + (double)sum->rest / REST_UNITS;
}

static void zone_time_count(zone_time *time, double hr, double seconds, double max_hr, int zone, int sign) {
    int found = zone_of(hr, max_hr);
    if (found < 0) return;
    duration_add(&time->valid, seconds, sign);
    if (found == zone) duration_add(&time->in_zone, seconds, sign);
}

void zone_time_add(zone_time *time, double hr, double seconds, double max_hr, int zone) {
    zone_time_count(time, hr, seconds, max_hr, zone, 1);
}

void zone_time_remove(zone_time *time, double hr, double seconds, double max_hr, int zone) {
    zone_time_count(time, hr, seconds, max_hr, zone, -1);
}

double zone_time_percent(const zone_time *time) {
    double valid = duration_value(&time->valid);
    return valid > 0 ? 100 * (duration_value(&time->in_zone) / valid) : NAN;
}
