#include "base/numbers/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "base/numbers/decimal_digits.h"
#include "base/numbers/decimal_shortest.h"
#include "base/precondition.h"

static bool decimal_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* What a number is made of: digits * 10^exponent. */
typedef struct decimal {
    bool negative;
    const char *text; /* behind the sign */
    uint64_t digits;  /* as many of the first ones as it holds */
    int n_digits;     /* without zeros in front */
    bool all_digits;  /* false when there are more than those */
    int64_t exponent;
} decimal;

static const char *decimal_read_digits(const char *p, decimal *d, bool fraction) {
    for (; decimal_is_digit(*p); p++) {
        if (d->digits < UINT64_MAX / 10 - 1) {
            d->digits = 10 * d->digits + (uint64_t)(*p - '0');
            d->n_digits += d->digits > 0;
            d->exponent -= fraction;
        } else {
            d->all_digits = false;
            d->exponent += !fraction;
        }
    }
    return p;
}

static const char *read_exponent(const char *p, decimal *d) {
    bool negative = *p == '-';
    if (*p == '+' || *p == '-') p++;
    if (!decimal_is_digit(*p)) return NULL;
    int64_t exponent = 0;
    for (; decimal_is_digit(*p); p++) {
        if (exponent < 1000000) exponent = 10 * exponent + (*p - '0');
    }
    d->exponent += negative ? -exponent : exponent;
    return p;
}

/* The end of the number at p by the grammar of RFC 8259, or NULL. */
static const char *split(const char *p, decimal *d) {
    *d = (decimal){.negative = *p == '-', .all_digits = true};
    if (d->negative) p++;
    d->text = p;
    if (!decimal_is_digit(*p) || (*p == '0' && decimal_is_digit(p[1]))) return NULL;
    p = decimal_read_digits(p, d, false);
    if (*p == '.') {
        if (!decimal_is_digit(p[1])) return NULL;
        p = decimal_read_digits(p + 1, d, true);
    }
    return *p == 'e' || *p == 'E' ? read_exponent(p + 1, d) : p;
}

static const double decimal_ten_to[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* --- beyond the exact powers of ten --------------------------------------------------------------------- */

#define DECIMAL_INFINITE ((uint64_t)0x7ff << 52)

/* A double's bits, read as a whole number, count the doubles from 0 on. */
static double nth_double(uint64_t n) {
    double x;
    memcpy(&x, &n, sizeof x);
    return x;
}

static uint64_t decimal_place_of(double x) {
    uint64_t n;
    memcpy(&n, &x, sizeof n);
    return n;
}

/* 1, 0 or -1: how the number lies beside the middle between the nth double and the next, by all their digits. */
static int beside_middle(const decimal *d, uint64_t n) {
    uint64_t fraction = n & (((uint64_t)1 << 52) - 1);
    int binary = (int)(n >> 52);
    if (binary > 0) fraction |= (uint64_t)1 << 52;
    else binary = 1;
    char digits[ATHLETE_DIGITS_MAX];
    int exponent, n_digits = decimal_digits(2 * fraction + 1, binary - 1076, digits, &exponent), at = 0;
    int64_t own_exponent = d->exponent + d->n_digits - 1;
    if (own_exponent != exponent) return own_exponent > exponent ? 1 : -1;
    for (const char *p = d->text; decimal_is_digit(*p) || *p == '.'; p++) {
        if (*p == '.' || (at == 0 && *p == '0')) continue;
        char other = at < n_digits ? digits[at] : '0';
        if (*p != other) return *p > other ? 1 : -1;
        at++;
    }
    return at < n_digits ? -1 : 0;
}

static bool is_nearer_to_next(const decimal *d, uint64_t n) {
    int side = beside_middle(d, n);
    return side > 0 || (side == 0 && n % 2 == 1);
}

/* Comes close with the first digits, then goes from double to double until it is at the nearest. */
static double nearest(const decimal *d) {
    if (d->digits == 0 || d->exponent < -350) return 0;
    if (d->exponent > 310) return nth_double(DECIMAL_INFINITE);
    double x = (double)d->digits;
    int exponent = (int)d->exponent;
    for (; exponent > 22; exponent -= 22) x *= 1e22;
    for (; exponent < -22; exponent += 22) x /= 1e22;
    x = exponent < 0 ? x / decimal_ten_to[-exponent] : x * decimal_ten_to[exponent];
    uint64_t n = decimal_place_of(x) < DECIMAL_INFINITE ? decimal_place_of(x) : DECIMAL_INFINITE - 1;
    while (n < DECIMAL_INFINITE && is_nearer_to_next(d, n)) n++;
    while (n > 0 && !is_nearer_to_next(d, n - 1)) n--;
    return nth_double(n);
}

/* A whole number up to 2^53 and a power of ten up to 10^22 are doubles, so that one correctly rounded product or
** quotient of them is the nearest double (Clinger, PLDI 1990). */
athlete_status decimal_read(const char **text, double *x) {
    decimal d;
    const char *end = split(*text, &d);
    if (!end) return ATHLETE_INVALID;
    double size;
    if (d.all_digits && d.digits <= (uint64_t)1 << 53 && d.exponent >= -22 && d.exponent <= 22) {
        size = (double)d.digits;
        size = d.exponent < 0 ? size / decimal_ten_to[-d.exponent] : size * decimal_ten_to[d.exponent];
    } else {
        size = nearest(&d);
    }
    *x = d.negative ? -size : size;
    *text = end;
    return ATHLETE_OK;
}

/* --- writing -------------------------------------------------------------------------------------------- */

/* Rounds to the nearest number of `places` digits, from the middle to the even one; true when that takes one more place. */
static bool round_digits(char *digits, int n, int places) {
    int last = places - 1;
    bool above = digits[places] > '5', odd = (digits[last] - '0') % 2 != 0;
    for (int i = places + 1; i < n && digits[places] == '5'; i++) above |= digits[i] != '0';
    if (!above && !(digits[places] == '5' && odd)) return false;
    int i = last;
    while (i >= 0 && digits[i] == '9') digits[i--] = '0';
    if (i >= 0) digits[i]++;
    else digits[0] = '1';
    return i < 0;
}

static int without_zeros_at_end(const char *digits, int n) {
    while (n > 1 && digits[n - 1] == '0') n--;
    return n;
}

/* The digits of |x| rounded to at most so many places, without zeros at their end: d.ddd 10^*exponent. */
static int decimal_rounded(double x, int places, char digits[ATHLETE_DIGITS_MAX], int *exponent) {
    int binary;
    uint64_t fraction = (uint64_t)ldexp(frexp(fabs(x), &binary), 53);
    int n = decimal_digits(fraction, binary - 53, digits, exponent);
    if (n > places) *exponent += round_digits(digits, n, places);
    if (n > places) n = places;
    return without_zeros_at_end(digits, n);
}

/* The same with 17 digits, or fewer from `fewest` on where these give x again; 0 for those that this cannot tell. */
static int quickly_rounded(double x, int fewest, char digits[ATHLETE_DIGITS_MAX], int *exponent) {
    uint64_t whole;
    if (!decimal_shortest(x, fewest, &whole, exponent)) return 0;
    for (int i = 16; i >= 0; i--, whole /= 10) digits[i] = (char)('0' + whole % 10);
    return without_zeros_at_end(digits, 17);
}

/* d.ddde±x */
static int write_scientific(bool negative, const char *digits, int n, int exponent, char *out) {
    char *p = out;
    if (negative) *p++ = '-';
    *p++ = digits[0];
    if (n > 1) *p++ = '.';
    memcpy(p, digits + 1, (size_t)n - 1);
    p += n - 1;
    if (exponent != 0) *p++ = 'e';
    if (exponent < 0) *p++ = '-';
    exponent = exponent < 0 ? -exponent : exponent;
    for (int unit = 100; unit > 0; unit /= 10) {
        if (exponent >= unit) *p++ = (char)('0' + exponent / unit % 10);
    }
    *p = '\0';
    return (int)(p - out);
}

int decimal_write(double x, char out[ATHLETE_DECIMAL_SIZE]) {
    assert(isfinite(x));
    char digits[ATHLETE_DIGITS_MAX];
    int exponent, n = quickly_rounded(x, 17, digits, &exponent);
    if (n == 0) n = decimal_rounded(x, 17, digits, &exponent);
    if (n == 0) {
        memcpy(out, "0", 2);
        return 1;
    }
    return write_scientific(x < 0, digits, n, exponent, out);
}

/* Digits with the point among or around them, and at least one behind it. */
static int write_plain(bool negative, const char *digits, int n, int exponent, char *out) {
    char *p = out;
    if (negative) *p++ = '-';
    int first = exponent < 0 ? exponent : 0, last = n - 1 > exponent + 1 ? n - 1 : exponent + 1;
    for (int i = first; i <= last; i++) {
        *p++ = i >= 0 && i < n ? digits[i] : '0';
        if (i == (exponent < 0 ? first : exponent)) *p++ = '.';
    }
    *p = '\0';
    return (int)(p - out);
}

int decimal_write_short(double x, char out[ATHLETE_DECIMAL_SIZE]) {
    char digits[ATHLETE_DIGITS_MAX];
    int exponent = 0, n = quickly_rounded(x, 15, digits, &exponent);
    double back = n > 0 ? fabs(x) : -1;
    for (int places = 15; places <= 17 && back != fabs(x); places++) {
        n = decimal_rounded(x, places, digits, &exponent);
        if (n == 0) break;
        write_scientific(false, digits, n, exponent, out);
        const char *p = out;
        decimal_read(&p, &back);
    }
    bool negative = signbit(x) != 0;
    if (n == 0) return write_plain(negative, "0", 1, 0, out);
    if (exponent >= -5 && exponent < 15) return write_plain(negative, digits, n, exponent, out);
    return write_scientific(negative, digits, n, exponent, out);
}
