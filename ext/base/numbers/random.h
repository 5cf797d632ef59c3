/* Pseudo-random numbers from a seed, the same on every platform: SplitMix64 (Steele, Lea & Flood 2014, OOPSLA, 453). */
#ifndef ATHLETE_BASE_NUMBERS_RANDOM_H
#define ATHLETE_BASE_NUMBERS_RANDOM_H

#include <stdint.h>

/* The finalizer, Stafford's variant 13: a bijection in which every bit of the result depends on every bit of x. */
static inline uint64_t random_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* The next 64 bits. The state begins as the seed, which may be any number. */
static inline uint64_t random_next(uint64_t *state) {
    return random_mix(*state += 0x9e3779b97f4a7c15u);
}

/* One of 0 … n - 1, for n from 1 on; each as often as any other to within n / 2^32. */
static inline uint32_t random_below(uint64_t *state, uint32_t n) {
    return (uint32_t)((random_next(state) >> 32) * n >> 32);
}

/* From 0 to below 1, a multiple of 2^-53. */
static inline double random_unit(uint64_t *state) {
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

#endif
