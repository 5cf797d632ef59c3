/* exp, log and pow that give the same bits on every platform.
**
** C leaves the rounding of its own exp, log and pow open, so that two C libraries, or two versions of
** one, differ in the last bit; a stored model or feature would then depend on the machine. These use
** nothing but the IEEE 754 operations + - * / on doubles, which are exact to the bit everywhere (no fused
** multiply-add, no tables, no mode but round-to-nearest). Each result is within 0.7 ulp of the true value
** (subnormal results within 1 ulp).
**
** Special values are those of ISO C annex F: NaN in NaN out, exp(-inf) = 0, log(0) = -inf, log(x < 0) =
** NaN, pow(x, 0) = pow(1, y) = 1, pow(x < 0, y) = NaN unless y is whole; overflow gives an infinity,
** underflow 0. */
#ifndef ATHLETE_BASE_NUMBERS_ELEMENTARY_H
#define ATHLETE_BASE_NUMBERS_ELEMENTARY_H

double elementary_exp(double x);
double elementary_log(double x); /* natural */
double elementary_pow(double x, double y);

#endif
