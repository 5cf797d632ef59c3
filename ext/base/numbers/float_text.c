#include "base/numbers/float_text.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "base/precondition.h"

/* Compile-time constants are rounded correctly, which is all that the digits below need. */
static const double float_ten_to[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10,
                                      1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
                                      1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32,
                                      1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43,
                                      1e44, 1e45, 1e46, 1e47, 1e48, 1e49, 1e50, 1e51, 1e52, 1e53, 1e54};

static double times_ten_to(double x, int exponent) {
    return exponent >= 0 ? x * float_ten_to[exponent] : x / float_ten_to[-exponent];
}

/* floor(log10(x)) for a positive float32. */
static int decimal_exponent(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int binary = (int)(bits >> 52) - 1023;
    int decimal = binary * 315653 >> 20; /* 2^20 log10(2), rounded: floor(log10(2^binary)) for all float32 */
    return x >= times_ten_to(1, decimal + 1) ? decimal + 1 : decimal;
}

/* Whether a reader takes `digits` * 10^scale for x. The product carries two rounding errors of 2^-53, so a value
** that close to the border between two floats counts as a failure and one more digit is tried; nine digits are
** always enough, being ten times finer than float32. */
static bool reads_back(double digits, int scale, float x) {
    double value = times_ten_to(digits, scale);
    return (float)(value * (1 - 0x1p-50)) == x && (float)(value * (1 + 0x1p-50)) == x;
}

/* The number of `precision` digits that is nearest. */
static double round_to(float x, int precision, int exponent) {
    return (double)(int64_t)(times_ten_to(x, precision - 1 - exponent) + 0.5);
}

static bool is_enough(int precision, float x, int exponent) {
    return reads_back(round_to(x, precision, exponent), exponent - precision + 1, x);
}

/* The least number of digits that reads back: seldom fewer than seven, and then few. */
static int digits_needed(float x, int exponent) {
    int precision = is_enough(6, x, exponent) ? 1 : 7;
    while (precision != 6 && precision != 9 && !is_enough(precision, x, exponent)) precision++;
    return precision;
}

int float_text(float x, char out[ATHLETE_FLOAT_TEXT_SIZE]) {
    assert(isfinite(x));
    if (x == 0) {
        memcpy(out, "0E0", 4);
        return 3;
    }
    char *p = out;
    if (x < 0) *p++ = '-';
    x = fabsf(x);
    int exponent = decimal_exponent(x);
    int precision = digits_needed(x, exponent);
    double digits = round_to(x, precision, exponent);
    if (digits == float_ten_to[precision]) { /* 9.99 rounded up to 10.0 */
        digits /= 10;
        exponent++;
    }

    char reversed[10];
    long number = (long)digits;
    for (int i = 0; i < precision; i++, number /= 10) reversed[i] = (char)('0' + number % 10);
    *p++ = reversed[precision - 1];
    if (precision > 1) *p++ = '.';
    for (int i = precision - 2; i >= 0; i--) *p++ = reversed[i];
    *p++ = 'E';
    if (exponent < 0) *p++ = '-';
    if (exponent < 0) exponent = -exponent;
    if (exponent > 9) *p++ = (char)('0' + exponent / 10);
    *p++ = (char)('0' + exponent % 10);
    *p = '\0';
    return (int)(p - out);
}
