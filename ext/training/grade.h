/* What a slope costs: the factor by which running at a grade is slower than on the flat at the same
** effort. */
#ifndef ATHLETE_TRAINING_GRADE_H
#define ATHLETE_TRAINING_GRADE_H

typedef enum grade_model { GRADE_STRAVA, GRADE_MINETTI } grade_model;

/* Equivalent flat speed / speed; 1 on the flat. `grade` is rise over run: 0.05 for 5 %.
**
** GRADE_STRAVA: a polynomial through Strava's grade-adjusted pace, which rests on heart rates of many
** runners: even the best descent saves an eighth. Held constant beyond +-0.40, where the curve it was
** fitted to ends.
**
** GRADE_MINETTI: energy cost on a treadmill, down to half of the flat's at -18 %. Held constant beyond
** +-0.45. */
double grade_factor(double grade, grade_model model);

/* Metres on the flat that ask for the effort of a run over `distance_m` of which only the climb is known,
** by GRADE_STRAVA: half of the way goes up by it and half comes down again. NAN without a distance. */
double flat_distance(double distance_m, double climb_m);

#endif
