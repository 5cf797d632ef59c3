#include "trees/decimal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cJSON.h>

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* What a number is made of: digits * 10^exponent. */
typedef struct decimal {
    bool negative;
    uint64_t digits;
    bool all_digits; /* false when there are more than `digits` holds */
    int64_t exponent;
} decimal;

static const char *read_digits(const char *p, decimal *d, bool fraction) {
    for (; is_digit(*p); p++) {
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
    if (!is_digit(*p)) return NULL;
    int64_t exponent = 0;
    for (; is_digit(*p); p++) {
        if (exponent < 1000000) exponent = 10 * exponent + (*p - '0');
    }
    d->exponent += negative ? -exponent : exponent;
    return p;
}

/* The end of the number at p by the grammar of RFC 8259, or NULL. */
static const char *split(const char *p, decimal *d) {
    *d = (decimal){.negative = *p == '-', .all_digits = true};
    if (d->negative) p++;
    if (!is_digit(*p) || (*p == '0' && is_digit(p[1]))) return NULL;
    p = read_digits(p, d, false);
    if (*p == '.') {
        if (!is_digit(p[1])) return NULL;
        p = read_digits(p + 1, d, true);
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
