/* x = size 2^-shift has the digits of size 10^q / 2^shift, for the q that makes 17 of them: a whole number, and a rest that says
** how to round it. Both are exact, and so is the distance of what is rounded from x, which gives x again when it is less than
** half of what lies between x and the next double: one unit of size, which is 10^q here. */
#include "base/numbers/decimal_shortest.h"

#include <math.h>

#ifdef __SIZEOF_INT128__

__extension__ typedef unsigned __int128 u128;

#define SEVENTEEN_DIGITS 10000000000000000u /* the least */
#define MOST_POWER       22                 /* size 10^22 < 2^127 */
#define MOST_SHIFT       70                 /* 10^17 2^70 < 2^127 */

static u128 ten_to(int n) {
    u128 power = 1;
    for (int i = 0; i < n; i++) power *= 10;
    return power;
}

/* The digits at a place, those behind it rounded away: to the nearest, from the middle to the even one. */
static uint64_t rounded_at(uint64_t whole, uint64_t unit, u128 rest, u128 half_rest) {
    uint64_t kept = whole / unit, behind = whole % unit;
    bool above, middle;
    if (unit > 1) {
        above = 2 * behind > unit || (2 * behind == unit && rest > 0);
        middle = 2 * behind == unit && rest == 0;
    } else {
        above = rest > half_rest;
        middle = rest == half_rest;
    }
    return (kept + (above || (middle && kept % 2 == 1))) * unit;
}

static bool gives_again(uint64_t digits, u128 scaled, int shift, u128 power, uint64_t size) {
    u128 told = (u128)digits << shift;
    bool is_below = told < scaled;
    u128 distance = is_below ? scaled - told : told - scaled;
    if (is_below && size == (uint64_t)1 << 52)
        return 4 * distance <= power; /* the doubles below are nearer */
    return 2 * distance < power || (2 * distance == power && size % 2 == 0);
}

bool decimal_shortest(double x, int fewest, uint64_t *digits, int *exponent) {
    int binary;
    uint64_t size = (uint64_t)ldexp(frexp(fabs(x), &binary), 53);
    int shift = 53 - binary;
    if (shift < 1 || shift > MOST_SHIFT || size == 0) return false;
    int q = 16 - (int)floor((binary - 1) * 0.30102999566398120);
    if (q < 1 || q > MOST_POWER) return false;
    u128 power = ten_to(q), scaled = size * power;
    if (scaled >> shift >= (u128)10 * SEVENTEEN_DIGITS) {
        power = ten_to(--q);
        scaled = size * power;
    }
    uint64_t whole = (uint64_t)(scaled >> shift);
    if (whole < SEVENTEEN_DIGITS || whole >= 10 * SEVENTEEN_DIGITS) return false;
    u128 rest = scaled - ((u128)whole << shift), half_rest = (u128)1 << (shift - 1);
    int places = fewest;
    do {
        *digits = rounded_at(whole, (uint64_t)ten_to(17 - places), rest, half_rest);
    } while (!gives_again(*digits, scaled, shift, power, size) && ++places <= 17);
    *exponent = 16 - q;
    if (*digits >= 10 * SEVENTEEN_DIGITS) {
        *digits /= 10;
        ++*exponent;
    }
    return true;
}

#else

bool decimal_shortest(double x, int fewest, uint64_t *digits, int *exponent) {
    (void)x, (void)fewest, (void)digits, (void)exponent;
    return false;
}

#endif
