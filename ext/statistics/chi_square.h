#ifndef ATHLETE_STATISTICS_CHI_SQUARE_H
#define ATHLETE_STATISTICS_CHI_SQUARE_H

/* The chance that chi squared of this many degrees of freedom, a whole number above 0, is greater than x: the incomplete gamma
** function Q(df / 2, x / 2) (Abramowitz & Stegun 1964, 26.4.19), by its series or its continued fraction (6.5.29, 6.5.31). */
double chi_square_tail(double degrees, double x);

#endif
