/* Compares the decimal text of doubles with the C library's, in both directions: prints how many values were tried, how
 * many are written otherwise and how many are read otherwise. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/numbers/decimal.h"

static uint64_t state = 1;

static uint64_t random_bits(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state ^ state >> 29;
}

/* Any double, any float32, a whole number, one with three decimals, the middle between two float32, one of everyday size, or a
 * power of two or a neighbour of one. */
static double random_double(int kind) {
    uint64_t bits = random_bits();
    double x;
    float f;
    if (kind == 0) {
        memcpy(&x, &bits, sizeof x);
        return x;
    }
    if (kind == 1) return (double)(int64_t)(bits >> 20);
    if (kind == 2) return (double)(int64_t)(bits >> 40) / 1000;
    if (kind == 5) return ldexp((double)(bits >> 11), -(int)(bits % 79) - 2);
    if (kind == 6) return nextafter(ldexp(1, (int)(bits >> 20 & 127) - 70), (double)(bits >> 30 & 1) * 1e300);
    uint32_t half = (uint32_t)(bits >> 13);
    memcpy(&f, &half, sizeof f);
    return kind == 3 ? f : ((double)f + (double)nextafterf(f, 0)) / 2;
}

/* The middle between x and the next double, exactly or a little off, with all the digits that it takes. */
static void middle_text(double x, int off, char out[1200]) {
    double next = nextafter(x, x < 0 ? -INFINITY : INFINITY);
    long double middle = ((long double)x + next) / 2; /* exact in 64 bits */
    snprintf(out, 1200, "%.800Le", middle);
    char *e = strchr(out, 'e');
    if (off != 0) e[-1] = '1'; /* beyond the digits that count */
    if (off < 0 && e[-700] > '0') e[-700]--;
}

/* "1.2500000000000000e-01" as "1.25e-1", which is how it is written here. */
static void expected_text(double x, char out[64]) {
    snprintf(out, 64, "%.16e", x);
    char *e = strchr(out, 'e');
    int exponent = atoi(e + 1);
    while (e[-1] == '0') e--;
    if (e[-1] == '.') e--;
    *e = '\0';
    if (exponent != 0) sprintf(e, "e%d", exponent);
}

/* The digits of a number's text, and how many, without zeros around them. */
static int digits_of(const char *text, char out[64]) {
    int n = 0;
    for (; *text && *text != 'e'; text++)
        if (*text >= '0' + (n == 0) && *text <= '9') out[n++] = *text;
    while (n > 0 && out[n - 1] == '0') n--;
    out[n] = '\0';
    return n;
}

/* Nothing shorter gives x again, nor do other digits of the same length lie nearer. */
static int is_not_the_shortest(double x) {
    char text[ATHLETE_DECIMAL_SIZE], shorter[64];
    int digits = 0, length = decimal_write_short(x, text);
    if (strtod(text, NULL) != x || !strpbrk(text, ".e") || length != (int)strlen(text)) return 1;
    for (const char *p = text; *p && *p != 'e'; p++)
        digits += digits > 0 ? *p >= '0' && *p <= '9' : *p >= '1' && *p <= '9';
    char own[64], nearest[64];
    int places = digits_of(text, own) > 15 ? digits_of(text, own) : 15;
    snprintf(shorter, sizeof shorter, "%.*e", places - 1, fabs(x));
    digits_of(shorter, nearest);
    if (strcmp(own, nearest) != 0) return 1;
    if (digits <= 15 || text[length - 1] == '0') return 0; /* zeros may stand around the point */
    snprintf(shorter, sizeof shorter, "%.*e", digits - 2, x);
    return strtod(shorter, NULL) == x;
}

static int reads_otherwise(const char *text) {
    const char *p = text;
    double x;
    return decimal_read(&p, &x) != ATHLETE_OK || *p != '\0' || x != strtod(text, NULL);
}

int main(void) {
    long tried = 0, written_otherwise = 0, read_otherwise = 0;
    for (int i = 0; i < 300000; i++) {
        double x = random_double(i % 7);
        char text[ATHLETE_DECIMAL_SIZE], expected[64];
        if (!isfinite(x) || x == 0) continue;
        tried++;
        int length = decimal_write(x, text);
        expected_text(x, expected);
        written_otherwise += strcmp(text, expected) != 0 || length != (int)strlen(text);
        written_otherwise += is_not_the_shortest(x);
        read_otherwise += reads_otherwise(text);
        snprintf(expected, sizeof expected, "%.*g", 1 + i % 20, x);
        read_otherwise += reads_otherwise(expected);
        char middle[1200];
        if (i % 20 == 0) {
            middle_text(x, i / 20 % 3 - 1, middle);
            read_otherwise += reads_otherwise(middle);
        }
    }
    static const char *const hard[] = {
        "0",
        "-0",
        "9007199254740993",
        "1e23",
        "8.5e-324",
        "2.2250738585072011e-308",
        "1.7976931348623159e308",
        "123456789012345678901234567890",
        "1e-400",
        "0.000000000000000000000000000000000000000000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) read_otherwise += reads_otherwise(hard[i]);
    static const char *const refused[] = {"",   "-",   ".5",  "5.",  "01",    "+1",
                                          "1e", "1e+", "nan", "inf", "0x1p3", " 1"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *p = refused[i];
        double x;
        read_otherwise += decimal_read(&p, &x) != ATHLETE_INVALID && *p == '\0';
    }
    printf("%ld %ld %ld\n", tried, written_otherwise, read_otherwise);
    return 0;
}
