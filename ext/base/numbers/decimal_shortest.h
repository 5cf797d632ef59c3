/* The digits of doubles of everyday size, in whole numbers of 128 bits. */
#ifndef ATHLETE_BASE_NUMBERS_DECIMAL_SHORTEST_H
#define ATHLETE_BASE_NUMBERS_DECIMAL_SHORTEST_H

#include <stdbool.h>
#include <stdint.h>

/* Of `fewest` to 17 digits as few as give x again, correctly rounded: *digits 10^(*exponent - 16), for *digits of 17 digits. False
** where that does not fit, as for every x outside of 1e-5 … 2^53, and where a compiler has no such numbers: decimal_digits
** serves them all. */
bool decimal_shortest(double x, int fewest, uint64_t *digits, int *exponent);

#endif
