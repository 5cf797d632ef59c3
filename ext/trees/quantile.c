#include "trees/quantile.h"

#include "trees/float_key.h"

static uint64_t weight_of(const uint32_t *weights, size_t from, size_t to) {
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

float weighted_quantile(double q, uint32_t *keys, uint32_t *weights, size_t n) {
    double share = q * (double)weight_of(weights, 0, n);
    size_t from = 0, to = n; /* what is sought is among these */
    uint64_t below = 0;      /* the weight of keys[0] to keys[from - 1] */
    for (uint32_t bit = 0x80000000u; bit > 0 && to - from > 1; bit >>= 1) {
        size_t middle = split_by_bit(keys, weights, from, to, bit);
        uint64_t lower = weight_of(weights, from, middle);
        if (middle == to || (middle > from && (double)(below + lower) >= share)) {
            to = middle;
        } else {
            below += lower;
            from = middle;
        }
    }
    float found = float_of_key(keys[from]);
    if (to == n || (double)(below + weight_of(weights, from, to)) != share) return found;
    uint32_t next = keys[to];
    for (size_t i = to + 1; i < n; i++) next = keys[i] < next ? keys[i] : next;
    return (float)(((double)found + float_of_key(next)) / 2);
}
