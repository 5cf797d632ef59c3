#include "statistics/quantile.h"

#include "base/numbers/float_key.h"
#include "base/precondition.h"

static uint64_t quantile_weight_of(const uint32_t *weights, size_t from, size_t to) {
    if (!weights) return to - from;
    uint64_t sum = 0;
    for (size_t i = from; i < to; i++) sum += weights[i];
    return sum;
}

/* Moves the keys without the bit before those with it; returns where the latter begin. */
static size_t split_by_bit(uint32_t *keys, uint32_t *weights, size_t from, size_t to, uint32_t bit) {
    size_t end = from;
    for (size_t i = from; i < to; i++) {
        uint32_t key = keys[i];
        if (key & bit) continue;
        keys[i] = keys[end];
        keys[end] = key;
        if (weights) {
            uint32_t weight = weights[i];
            weights[i] = weights[end];
            weights[end] = weight;
        }
        end++;
    }
    return end;
}

/* The most that the window of the estimate may span of the cumulated weight: no row is lighter. */
static double window_of(const uint32_t *weights, double one, size_t n) {
    if (!weights) return 1;
    uint32_t lightest = weights[0];
    for (size_t i = 1; i < n; i++) lightest = weights[i] < lightest ? weights[i] : lightest;
    return one < lightest ? one : lightest;
}

float weighted_quantile(double q, uint32_t *keys, uint32_t *weights, double one, size_t n) {
    assert(n > 0 && q > 0 && q < 1);
    double total = (double)quantile_weight_of(weights, 0, n), window = window_of(weights, one, n);
    double end = q * (total - window) + window; /* of the window */
    size_t from = 0, to = n;                    /* the value at the window's end is among these */
    uint64_t below = 0;                         /* the weight of keys[0] to keys[from - 1] */
    for (uint32_t bit = 0x80000000u; bit > 0 && to - from > 1; bit >>= 1) {
        size_t middle = split_by_bit(keys, weights, from, to, bit);
        uint64_t lower = quantile_weight_of(weights, from, middle);
        if (middle == to || (middle > from && (double)(below + lower) >= end)) {
            to = middle;
        } else {
            below += lower;
            from = middle;
        }
    }
    double found = float_of_key(keys[from]), share = (end - (double)below) / window;
    if (share >= 1) return (float)found;
    uint32_t before = keys[0];
    for (size_t i = 1; i < from; i++) before = keys[i] > before ? keys[i] : before;
    double previous = float_of_key(before);
    return (float)(previous + (found - previous) * share);
}
