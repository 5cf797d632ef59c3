/* The time over another distance that is worth as much as a given one. NaN where a distance or time is 0. */
#ifndef ATHLETE_TRAINING_EQUIVALENCE_H
#define ATHLETE_TRAINING_EQUIVALENCE_H

/* t2 = t1 (d2 / d1)^1.06: Riegel 1981, "Athletic records and human endurance", American Scientist
** 69:285-290. */
double riegel_time(double seconds, double distance_m, double target_distance_m);

/* t2 = t1 (d2 / d1) f(d1) / f(d2) with f(d) = 13.49681 - 0.000030363 d + 835.7114 / d^0.7905: Cameron
** 1998, fitted to records from 400 m to 50 miles. NaN beyond 445 km, where f is no longer positive. */
double cameron_time(double seconds, double distance_m, double target_distance_m);

#endif
