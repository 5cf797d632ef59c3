/* VDOT: the oxygen uptake (ml/kg/min) that a race result is worth, after Daniels and Gilbert 1979, Oxygen
** Power.
**
** A race of T minutes at V m/min costs 0.000104 V^2 + 0.182258 V - 4.6, and is run at the fraction 0.8 +
** 0.1894393 exp(-0.012778 T) + 0.2989558 exp(-0.1932605 T) of the maximum; VDOT is the cost over the
** fraction. Meant for races of about 3.5 minutes to 4 hours. NaN where an argument is 0 or where the
** speed is below a walk's (a cost that is not positive). */
#ifndef ATHLETE_TRAINING_VDOT_H
#define ATHLETE_TRAINING_VDOT_H

double vdot_of_race(double distance_m, double seconds);

/* Seconds over the distance; the inverse of vdot_of_race to a few ulp at every distance. */
double vdot_race_time(double vdot, double distance_m);

/* min/km that can be held for 60 minutes. */
double vdot_threshold_pace(double vdot);

#endif
