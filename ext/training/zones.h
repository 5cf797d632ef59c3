/* Heart rate zones as fractions of the maximum: 1 from 50 %, 2 from 60 %, 3 from 70 %, 4 from 80 %, 5
** from 90 %.
**
** A zone holds its lower bound and not its upper one; zone 5 is open above, and what lies below zone 1 is
** zone 0, not zone 1. The bounds are those of Edwards 1993, The Heart Rate Monitor Book. */
#ifndef ATHLETE_TRAINING_ZONES_H
#define ATHLETE_TRAINING_ZONES_H

#include <stdbool.h>
#include <stdint.h>

#define ATHLETE_ZONES 6 /* 0 to 5 */

/* 0 to 5, or -1 where there is no heart rate (0 is a sensor without signal) or no maximum. */
int zone_of(double hr, double max_hr);

/* 220 - age, after Fox, Naughton and Haskell 1971; its standard error is about 10 bpm. */
double max_hr_from_age(double age_years);

/* A sum of durations that is exact, so that any order, and taking rows out of a window again, gives the
** same bits: whole seconds, and the rest in units of 2^-52 s (exact for every double from 1 s up). */
typedef struct duration_sum {
    int64_t whole;
    int64_t rest; /* 0 <= rest < 2^52 */
} duration_sum;

/* Seconds in one zone and in all. Each duration at most 1e9 s. */
typedef struct zone_time {
    duration_sum in_zone, valid;
} zone_time;

/* Adds a row, or takes it out again. A row without heart rate or maximum counts for nothing. */
void zone_time_add(zone_time *time, double hr, double seconds, double max_hr, int zone);
void zone_time_remove(zone_time *time, double hr, double seconds, double max_hr, int zone);

/* 0 to 100, or NaN where there is no valid second. */
double zone_time_percent(const zone_time *time);

#endif
