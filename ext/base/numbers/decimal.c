#include "base/numbers/decimal.h"

#include <stdbool.h>
#include <stddef.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <cJSON.h>

static bool decimal_is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* What a number is made of: digits * 10^exponent. */
typedef struct decimal {
    bool negative;
    uint64_t digits;
    bool all_digits; /* false when there are more than `digits` holds */
    int64_t exponent;
} decimal;

static const char *decimal_read_digits(const char *p, decimal *d, bool fraction) {
    for (; decimal_is_digit(*p); p++) {
        if (d->digits < UINT64_MAX / 10 - 1) {
            d->digits = 10 * d->digits + (uint64_t)(*p - '0');
            d->exponent -= fraction;
        } else {
            d->all_digits = false;
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
    if (!decimal_is_digit(*p) || (*p == '0' && decimal_is_digit(p[1]))) return NULL;
    p = decimal_read_digits(p, d, false);
    if (*p == '.') {
        if (!decimal_is_digit(p[1])) return NULL;
        p = decimal_read_digits(p + 1, d, true);
    }
    return *p == 'e' || *p == 'E' ? read_exponent(p + 1, d) : p;
}

/* A whole number up to 2^53 and a power of ten up to 10^22 are doubles, so that one correctly rounded product or
** quotient of them is the nearest double (Clinger, PLDI 1990). All other numbers are left to cJSON. */
athlete_status decimal_read(const char **text, double *x) {
    static const double ten_to[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    decimal d;
    const char *end = split(*text, &d);
    if (!end) return ATHLETE_INVALID;
    if (d.all_digits && d.digits <= (uint64_t)1 << 53 && d.exponent >= -22 && d.exponent <= 22) {
        double size = (double)d.digits;
        size = d.exponent < 0 ? size / ten_to[-d.exponent] : size * ten_to[d.exponent];
        *x = d.negative ? -size : size;
    } else {
        cJSON *number = cJSON_ParseWithLength(*text, (size_t)(end - *text));
        if (!number) return ATHLETE_NOMEM;
        *x = number->valuedouble;
        cJSON_Delete(number);
    }
    *text = end;
    return ATHLETE_OK;
}

/* --- writing -------------------------------------------------------------------------------------------- */

#define LIMB       1000000000 /* nine decimal digits */
#define MAX_LIMBS  90         /* 2^53 5^1074 has 767 digits */
#define MAX_DIGITS (9 * MAX_LIMBS)

/* A whole number, the lowest limb first. */
typedef struct whole {
    int n;
    uint32_t limb[MAX_LIMBS];
} whole;

static void multiply(whole *x, uint64_t factor) {
    uint64_t carry = 0;
    for (int i = 0; i < x->n; i++) {
        carry += x->limb[i] * factor;
        x->limb[i] = (uint32_t)(carry % LIMB);
        carry /= LIMB;
    }
    for (; carry > 0; carry /= LIMB) x->limb[x->n++] = (uint32_t)(carry % LIMB);
}

/* Multiplies by base^exponent, `step` factors at a time: `power` is base^step and fits beside a limb in 64 bits. */
static void multiply_power(whole *x, uint64_t base, int step, uint64_t power, int exponent) {
    for (; exponent >= step; exponent -= step) multiply(x, power);
    for (; exponent > 0; exponent--) multiply(x, base);
}

/* The decimal digits without zeros in front. */
static int whole_digits(const whole *x, char digits[MAX_DIGITS]) {
    int n = 0;
    for (int i = x->n - 1; i >= 0; i--) {
        for (uint32_t unit = LIMB / 10; unit > 0; unit /= 10) {
            uint32_t digit = x->limb[i] / unit % 10;
            if (n > 0 || digit > 0) digits[n++] = (char)('0' + digit);
        }
    }
    return n;
}

/* Rounds to the nearest number of 17 digits, from the middle to the even one; true when that takes one more place. */
static bool round_digits(char *digits, int n) {
    bool above = digits[17] > '5', odd = (digits[16] - '0') % 2 != 0;
    for (int i = 18; i < n && digits[17] == '5'; i++) above |= digits[i] != '0';
    if (!above && !(digits[17] == '5' && odd)) return false;
    int i = 16;
    while (i >= 0 && digits[i] == '9') digits[i--] = '0';
    if (i >= 0) digits[i]++;
    else digits[0] = '1';
    return i < 0;
}

/* x is a whole number times a power of two, and so the digits of a whole number behind a power of ten. */
int decimal_write(double x, char out[ATHLETE_DECIMAL_SIZE]) {
    char digits[MAX_DIGITS], *p = out;
    if (x < 0) *p++ = '-';
    int binary;
    uint64_t fraction = (uint64_t)ldexp(frexp(fabs(x), &binary), 53);
    binary -= 53;
    for (; fraction != 0 && fraction % 2 == 0; binary++) fraction /= 2;
    whole value = {.n = 0};
    for (; fraction > 0; fraction /= LIMB) value.limb[value.n++] = (uint32_t)(fraction % LIMB);
    if (binary > 0) multiply_power(&value, 2, 30, (uint64_t)1 << 30, binary);
    else multiply_power(&value, 5, 13, 1220703125, -binary);
    int n = whole_digits(&value, digits);
    if (n == 0) {
        memcpy(out, "0", 2);
        return 1;
    }
    int exponent = n - 1 + (binary < 0 ? binary : 0);
    if (n > 17) exponent += round_digits(digits, n);
    if (n > 17) n = 17;
    while (n > 1 && digits[n - 1] == '0') n--;
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
