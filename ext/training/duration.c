#include "training/duration.h"

#include <math.h>
#include <stdint.h>

/* --- writing -------------------------------------------------------------------------------------------- */

static char *put_number(char *out, int64_t n, int least_digits) {
    char digits[20];
    int count = 0;
    while (n > 0 || count < least_digits) {
        digits[count++] = (char)('0' + n % 10);
        n /= 10;
    }
    while (count > 0) *out++ = digits[--count];
    return out;
}

void duration_format(double seconds, char out[ATHLETE_DURATION_SIZE]) {
    double whole = floor(seconds);
    int64_t s = (int64_t)whole + (seconds - whole >= 0.5);
    int64_t hours = s / 3600;
    if (hours > 0) {
        out = put_number(out, hours, 1);
        *out++ = ':';
    }
    out = put_number(out, s / 60 % 60, hours > 0 ? 2 : 1);
    *out++ = ':';
    out = put_number(out, s % 60, 2);
    *out = 0;
}

/* --- reading -------------------------------------------------------------------------------------------- */

static bool duration_is_digit(const char *at, const char *end) {
    return at < end && *at >= '0' && *at <= '9';
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One field of digits; at most 13, so that nothing overflows. */
static bool take_field(const char **at, const char *end, int64_t *n, int *digits) {
    *n = 0;
    *digits = 0;
    for (; duration_is_digit(*at, end); (*at)++) {
        if (++*digits > 13) return false;
        *n = *n * 10 + (**at - '0');
    }
    return *digits > 0;
}

/* '.' and digits, in billionths. */
static bool take_fraction(const char **at, const char *end, int64_t *billionths) {
    *billionths = 0;
    if (*at == end || **at != '.') return true;
    (*at)++;
    if (!duration_is_digit(*at, end)) return false;
    for (int64_t unit = 100000000; duration_is_digit(*at, end); (*at)++, unit /= 10)
        *billionths += unit * (**at - '0');
    return true;
}

bool duration_parse(const char *text, size_t length, double *seconds) {
    const char *at = text, *end = text + length;
    while (at < end && is_blank(*at)) at++;
    while (end > at && is_blank(end[-1])) end--;

    int64_t whole = 0, billionths;
    for (int field = 0;; field++) {
        int64_t n;
        int digits;
        if (!take_field(&at, end, &n, &digits)) return false;
        if (field > 0 && (digits != 2 || n > 59)) return false;
        whole = whole * 60 + n;
        if (field == 2 || at == end || *at != ':') break;
        at++;
    }
    if (!take_fraction(&at, end, &billionths) || at != end) return false;
    /* Below 9e6 s the whole numerator is exact and the division rounds once: '1.1' is the double 1.1. */
    double value = whole < 9000000 ? (double)(whole * 1000000000 + billionths) / 1e9
                                   : (double)whole + (double)billionths / 1e9;
    if (value > ATHLETE_DURATION_MAX_S) return false;
    *seconds = value;
    return true;
}
