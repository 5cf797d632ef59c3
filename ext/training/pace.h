/* Pace and what is measured against it. Paces are minutes per kilometre: less is faster. A zero in a
** denominator has no answer: the result is NaN, which SQL sees as NULL. */
#ifndef ATHLETE_TRAINING_PACE_H
#define ATHLETE_TRAINING_PACE_H

/* min/km; NaN for no distance or no time (a treadmill without a foot pod, a session of strength). */
double pace_min_km(double distance_m, double seconds);

/* Speed as a fraction of the speed at threshold: threshold pace / pace. */
double intensity_factor(double pace_min_km, double threshold_pace_min_km);

/* Pace per heartbeat, (min/km)/bpm: falls as the same pace costs fewer beats. */
double efficiency_index(double pace_min_km, double hr_bpm);

#endif
