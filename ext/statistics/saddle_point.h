/* Binomial and Poisson probabilities without their factorials, whose logarithms would cancel.
**
** Loader 2000, "Fast and Accurate Computation of Binomial Probabilities": with d(x, m) = x log(x/m) + m - x and the error e of
** Stirling's formula, Poisson(x; m) = exp(-e(x) - d(x, m)) / sqrt(2 pi x), and a binomial one is a product of such. */
#ifndef ATHLETE_STATISTICS_SADDLE_POINT_H
#define ATHLETE_STATISTICS_SADDLE_POINT_H

/* log Gamma(n + 1) - ((n + 1/2) log n - n + log(2 pi) / 2), for n above 0 that is whole or half of an odd number. */
double stirling_error(double n);

/* d(x, x + excess), for x and x + excess above 0. */
double deviance(double x, double excess);

/* m^x e^-m / Gamma(x + 1), for x above 0 that is whole or half of an odd number, m above 0. */
double poisson_density(double x, double m);

#endif
