/* All three are Taylor series after the argument has been brought near 0 (exp) or 1 (log); what makes
** them accurate is that the leading terms are kept in pairs of doubles, high + low with |low| <=
** ulp(high) / 2, after Dekker 1971, "A floating-point technique for extending the available precision",
** Numer. Math. 18:224-242. */
#include "base/numbers/elementary.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Intermediate results in more than double precision (x87) would round differently. */
#if FLT_EVAL_METHOD != 0
#error "elementary.c needs FLT_EVAL_METHOD 0: on 32-bit x86 compile with -msse2 -mfpmath=sse"
#endif

typedef struct pair {
    double high, low;
} pair;

/* log(2) in two parts; the first ends in 21 zero bits, so that its product with an exponent is exact. */
#define LOG2_HIGH    0x1.62e42feep-1
#define LOG2_LOW     0x1.a39ef35793c76p-33
#define LOG2_INVERSE 0x1.71547652b82fep+0

/* --- pairs ---------------------------------------------------------------------------------------------- */

/* a + b exactly, if |a| >= |b| or a is 0. */
static pair sum_ordered(double a, double b) {
    double high = a + b;
    return (pair){high, b - (high - a)};
}

/* The upper half of a double's digits: products of two halves are exact. Overflows above 2^996. */
static double upper_half(double a) {
    double shifted = a * 134217729.0; /* 2^27 + 1 */
    return shifted - (shifted - a);
}

/* a * b exactly, unless the low part underflows. */
static pair product(double a, double b) {
    double high = a * b;
    double ah = upper_half(a), al = a - ah;
    double bh = upper_half(b), bl = b - bh;
    return (pair){high, ((ah * bh - high) + ah * bl + al * bh) + al * bl};
}

static pair pair_product(pair a, pair b) {
    pair p = product(a.high, b.high);
    return sum_ordered(p.high, p.low + (a.high * b.low + a.low * b.high));
}

/* a + b, if |a| >= |b|. */
static pair pair_sum_ordered(pair a, pair b) {
    pair s = sum_ordered(a.high, b.high);
    return sum_ordered(s.high, s.low + (a.low + b.low));
}

/* --- powers of two -------------------------------------------------------------------------------------- */

/* 2^k for -1022 <= k <= 1023. */
static double power_of_two(int k) {
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x * 2^k for x near 1, rounded once even where the result is subnormal, infinite where it is too large. */
static double scale(double x, int k) {
    if (k > 1023) return x * power_of_two(1023) * power_of_two(k - 1023);
    if (k < -1021) return x * power_of_two(k + 64) * power_of_two(-64);
    return x * power_of_two(k);
}

/* x = m * 2^k with sqrt(1/2) < m < sqrt(2), for positive finite x. */
static double split_exponent(double x, int *k) {
    int shift = 0;
    if (x < DBL_MIN) {
        x *= power_of_two(54);
        shift = -54;
    }
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* Counted from the bits of sqrt(1/2), the exponent steps where m would pass sqrt(2). */
    uint64_t root_half = 0x3fe6a09e667f3bcdu;
    int64_t steps = (int64_t)(bits - root_half) >> 52;
    bits -= (uint64_t)steps << 52;
    *k = (int)steps + shift;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* --- exp ------------------------------------------------------------------------------------------------ */

/* exp(x.high + x.low) */
static double exp_of_pair(pair x) {
    if (x.high > 710) return HUGE_VAL; /* the largest double is exp(709.78...) */
    if (x.high < -746) return 0;       /* half of the smallest is exp(-745.13...) */

    /* x = k log 2 + r, |r| <= log(2) / 2 */
    double whole = x.high * LOG2_INVERSE;
    int k = (int)(whole < 0 ? whole - 0.5 : whole + 0.5);
    double r = x.high - k * LOG2_HIGH; /* exact */
    double low = x.low - k * LOG2_LOW;
    pair reduced = {r + low, 0};
    reduced.low = (r - reduced.high) + low;
    r = reduced.high;

    /* exp r = 1 + r + r^2 (1/2! + r/3! + ... + r^13/15!), the next term is below 2^-67 */
    static const double inverse_factorials[] = {
        1.0 / 2,         1.0 / 6,          1.0 / 24,          1.0 / 120,           1.0 / 720,
        1.0 / 5040,      1.0 / 40320,      1.0 / 362880,      1.0 / 3628800,       1.0 / 39916800,
        1.0 / 479001600, 1.0 / 6227020800, 1.0 / 87178291200, 1.0 / 1307674368000,
    };
    double even = 0, odd = 0; /* two chains, because each step of one waits for the step before */
    for (int i = 12; i >= 0; i -= 2) {
        even = even * (r * r) + inverse_factorials[i];
        odd = odd * (r * r) + inverse_factorials[i + 1];
    }
    pair linear = sum_ordered(1, r);
    pair total = sum_ordered(linear.high, r * r * (even + r * odd));
    /* exp(r + low) = exp r (1 + low), where low is so small that exp r ~ 1 + r serves */
    return scale(total.high + (total.low + (linear.low + reduced.low * linear.high)), k);
}

/* --- log ------------------------------------------------------------------------------------------------ */

/* log x for positive finite x, to about 70 bits. */
static pair log_to_pair(double x) {
    int k;
    double m = split_exponent(x, &k);

    /* s = (m - 1) / (m + 1), so that log m = 2 atanh s and |s| < 0.172; m - 1 is exact */
    double top = m - 1;
    pair bottom = m > 1 ? sum_ordered(m, 1) : sum_ordered(1, m);
    pair s = {top / bottom.high, 0};
    pair back = product(s.high, bottom.high);
    s.low = ((top - back.high) - back.low - s.high * bottom.low) / bottom.high;
    pair s2 = pair_product(s, s);

    /* atanh s = s (1 + s^2/3 + s^4/5 + s^6 (1/7 + s^2/9 + ... + s^22/29)), the next term is below 2^-76 */
    static const double inverse_odds[] = {
        1.0 / 7,  1.0 / 9,  1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17,
        1.0 / 19, 1.0 / 21, 1.0 / 23, 1.0 / 25, 1.0 / 27, 1.0 / 29,
    };
    double tail = 0;
    for (int i = 11; i >= 0; i--) tail = tail * s2.high + inverse_odds[i];
    static const pair third = {1.0 / 3, 0x1.5555555555555p-56}, fifth = {1.0 / 5, -0x1.999999999999ap-57};
    pair series = pair_sum_ordered(fifth, (pair){s2.high * tail, 0});
    series = pair_sum_ordered(third, pair_product(s2, series));
    series = pair_product(s2, series);
    pair two_s = {2 * s.high, 2 * s.low};
    pair log_m = pair_sum_ordered(two_s, pair_product(two_s, series));
    if (k == 0) return log_m;
    pair log_scale = sum_ordered(k * LOG2_HIGH, k * LOG2_LOW);
    return pair_sum_ordered(log_scale, log_m);
}

/* --- the functions -------------------------------------------------------------------------------------- */

double elementary_exp(double x) {
    if (isnan(x)) return x;
    return exp_of_pair((pair){x, 0});
}

double elementary_log(double x) {
    if (isnan(x)) return x;
    if (x < 0) return NAN;
    if (x == 0) return -HUGE_VAL;
    if (isinf(x)) return x;
    return log_to_pair(x).high;
}

static bool elementary_is_whole(double x) {
    return fabs(x) >= 0x1p53 || x == (double)(int64_t)x;
}

static bool is_odd(double x) {
    return fabs(x) < 0x1p53 && x == (double)(int64_t)x && ((int64_t)x & 1);
}

/* |x|^y for y other than 0, NaN */
static double pow_of_positive(double x, double y) {
    if (x == 1) return 1;
    bool grows = (x > 1) == (y > 0);
    if (x == 0 || isinf(x)) return grows ? HUGE_VAL : 0;
    /* |log x| >= 2^-54 for every x but 1, so that from 2^65 on the result is beyond all doubles. */
    if (fabs(y) > 0x1p65) return grows ? HUGE_VAL : 0;
    pair log_x = log_to_pair(x);
    pair exponent = product(y, log_x.high);
    return exp_of_pair(sum_ordered(exponent.high, exponent.low + y * log_x.low));
}

double elementary_pow(double x, double y) {
    if (y == 0 || x == 1) return 1;
    if (isnan(x) || isnan(y)) return NAN;
    bool negative = signbit(x);
    if (x < 0 && !isinf(x) && !elementary_is_whole(y)) return NAN;
    double size = pow_of_positive(fabs(x), y);
    return negative && is_odd(y) ? -size : size;
}
