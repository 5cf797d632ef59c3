#include "base/numbers/decimal_digits.h"

#define LIMB      1000000000 /* nine decimal digits */
#define MAX_LIMBS (ATHLETE_DIGITS_MAX / 9)

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
static int whole_digits(const whole *x, char digits[ATHLETE_DIGITS_MAX]) {
    int n = 0;
    for (int i = x->n - 1; i >= 0; i--) {
        for (uint32_t unit = LIMB / 10; unit > 0; unit /= 10) {
            uint32_t digit = x->limb[i] / unit % 10;
            if (n > 0 || digit > 0) digits[n++] = (char)('0' + digit);
        }
    }
    return n;
}

/* A whole number times a power of two has the digits of a whole number behind a power of ten. */
int decimal_digits(uint64_t size, int binary, char digits[ATHLETE_DIGITS_MAX], int *exponent) {
    for (; size != 0 && size % 2 == 0; binary++) size /= 2;
    whole value = {.n = 0};
    for (; size > 0; size /= LIMB) value.limb[value.n++] = (uint32_t)(size % LIMB);
    if (binary > 0) multiply_power(&value, 2, 30, (uint64_t)1 << 30, binary);
    else multiply_power(&value, 5, 13, 1220703125, -binary);
    int n = whole_digits(&value, digits);
    *exponent = n - 1 + (binary < 0 ? binary : 0);
    return n;
}
