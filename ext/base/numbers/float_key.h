/* Floats as unsigned integers in the same order. */
#ifndef ATHLETE_BASE_NUMBERS_FLOAT_KEY_H
#define ATHLETE_BASE_NUMBERS_FLOAT_KEY_H

#include <stdint.h>
#include <string.h>

/* Negative ones are turned round, positive ones moved above them. */
static inline uint32_t float_key(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static inline float float_of_key(uint32_t key) {
    uint32_t bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
