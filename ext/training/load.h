/* Training load of one activity, from pace, heart rate, power or how hard it felt. NaN (SQL: NULL) where the inputs say nothing. */
#ifndef ATHLETE_TRAINING_LOAD_H
#define ATHLETE_TRAINING_LOAD_H

typedef enum athlete_sex { ATHLETE_MALE, ATHLETE_FEMALE } athlete_sex;

/* Pace-based stress: 100 is one hour at threshold pace, and it grows with the square of the intensity.
** Moving time, because a pause is no load. */
double training_stress(double moving_min, double pace_min_km, double threshold_pace_min_km);

/* Banister's training impulse, minutes x r x A exp(b r), where r is the fraction of the heart rate
** reserve, (hr - rest) / (max - rest). Men A 0.64, b 1.92; women A 0.86, b 1.67. 0 at or below the
** resting rate; NaN where hr is 0 (a sensor without signal) or max <= rest. Banister 1991, "Modeling
** elite athletic performance", in Physiological Testing of Elite Athletes, 403-424. */
double training_impulse(double minutes, double hr, double max_hr, double rest_hr, athlete_sex sex);

/* Heart-rate stress: the training impulse scaled so that 100 is one hour at threshold heart rate. The
** factor A cancels, the exponent stays. NaN as above, or where threshold_hr <= rest_hr. */
double heart_rate_stress(double minutes, double hr, double max_hr, double rest_hr, double threshold_hr,
                         athlete_sex sex);

/* Power-based stress: hours x (power / FTP)^2 x 100. NaN where FTP is 0. */
double power_stress(double moving_min, double power_w, double ftp_w);

/* Stress by session RPE: hours x the points an hour of that exertion (0 to 10) makes. */
double exertion_stress(double moving_min, double rpe);

#endif
