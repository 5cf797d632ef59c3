/* All decimal digits of a number that has finitely many binary ones. */
#ifndef ATHLETE_BASE_NUMBERS_DECIMAL_DIGITS_H
#define ATHLETE_BASE_NUMBERS_DECIMAL_DIGITS_H

#include <stdint.h>

#define ATHLETE_DIGITS_MAX 810 /* (2^54) 5^1075 has 768 */

/* Writes the digits of size 2^binary, for size < 2^54 and binary from -1075 to 970, without zeros in front and not
** terminated: d.ddd… 10^*exponent. Returns how many, 0 for 0. */
int decimal_digits(uint64_t size, int binary, char digits[ATHLETE_DIGITS_MAX], int *exponent);

#endif
