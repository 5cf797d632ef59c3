/* Marathon time from shorter races and training volume, fitted to 2303 recreational runners: Vickers and
** Vertosick 2016, BMC Sports Science, Medicine and Rehabilitation 8:26.
**
** The paper works in miles a week; the coefficients are those of its published predictions. It took 5
** miles as 8045 m and 10 miles as 16090 m. NaN where a distance or time is 0. */
#ifndef ATHLETE_TRAINING_VICKERS_H
#define ATHLETE_TRAINING_VICKERS_H

/* Seconds, from one race: the paper's model 1. */
double vickers_marathon(double seconds, double distance_m, double weekly_km);

/* Seconds, from two races in either order: the paper's model 2. NaN for two races over one distance. */
double vickers_marathon_two(double seconds_1, double distance_1_m, double seconds_2, double distance_2_m,
                            double weekly_km);

#endif
