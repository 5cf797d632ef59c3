#include "trees/learner/sample.h"

#include <stdbool.h>
#include <string.h>
#include "base/numbers/random.h"
#include "base/precondition.h"

static uint64_t combine(uint64_t hash, uint64_t x) {
    return random_mix(hash + 0x9e3779b97f4a7c15u + random_mix(x));
}

static uint64_t float_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return x == x ? bits : 0x7fc00000u; /* one missing value is like another */
}

/* How many times each hash was seen: open addressing in a table at most half full. */
typedef struct seen_hash {
    uint64_t hash, times;
} seen_hash;

static uint64_t count_seen(seen_hash *table, size_t mask, uint64_t hash) {
    size_t at = (size_t)hash & mask;
    while (table[at].times > 0 && table[at].hash != hash) at = (at + 1) & mask;
    table[at].hash = hash;
    return table[at].times++;
}

athlete_status sample_row_keys(const float *values, const float *labels, const float *weights, size_t n_rows,
                               int n_features, athlete_budget *budget, athlete_poll *poll, uint64_t *keys) {
    size_t size = 16;
    while (size < 2 * n_rows) size *= 2;
    seen_hash *table = memory_zeroed(budget, size, sizeof *table);
    if (!table) return memory_status(budget);
    athlete_status status = ATHLETE_OK;
    for (size_t row = 0; row < n_rows && status == ATHLETE_OK; row++) {
        uint64_t hash = combine(0, float_bits(labels[row]));
        if (weights) hash = combine(hash, float_bits(weights[row]));
        for (int f = 0; f < n_features; f++)
            hash = combine(hash, float_bits(values[row * (size_t)n_features + (size_t)f]));
        keys[row] = combine(hash, count_seen(table, size - 1, hash));
        if (poll_due(poll, 10 * (size_t)n_features)) status = ATHLETE_INTERRUPTED;
    }
    memory_free(budget, table);
    return status;
}

size_t sample_rows(const uint64_t *keys, size_t n_rows, double fraction, uint64_t seed, uint64_t round,
                   uint32_t *rows) {
    assert(n_rows > 0 && fraction > 0 && fraction <= 1);
    uint64_t draw = combine(random_mix(seed), round);
    uint64_t limit = (uint64_t)(fraction * 0x1p32);
    size_t n = 0, lowest = 0;
    uint64_t lowest_hash = UINT64_MAX;
    for (size_t row = 0; row < n_rows; row++) {
        uint64_t hash = random_mix(keys[row] ^ draw);
        rows[n] = (uint32_t)row;
        n += hash >> 32 < limit;
        if (hash < lowest_hash) {
            lowest_hash = hash;
            lowest = row;
        }
    }
    if (n == 0) rows[n++] = (uint32_t)lowest;
    return n;
}

/* Features are drawn by the lowest hashes. */
int sample_features(int n_features, double fraction, uint64_t seed, uint64_t round, uint64_t *order,
                    int *features) {
    assert(n_features > 0 && fraction > 0 && fraction <= 1);
    uint64_t draw = combine(random_mix(seed ^ 0x636f6c756d6e73u), round); /* another stream than the rows' */
    int wanted = (int)(fraction * n_features);
    if (wanted < 1) wanted = 1;
    for (int f = 0; f < n_features; f++) order[f] = random_mix(combine(draw, (uint64_t)f));
    int n = 0;
    for (int f = 0; f < n_features; f++) {
        int before = 0;
        for (int other = 0; other < n_features; other++) before += order[other] < order[f];
        if (before < wanted) features[n++] = f;
    }
    return n;
}

int sample_list(int *features, int n, double fraction, uint64_t seed, uint64_t tree, uint64_t node,
                uint64_t *order) {
    uint64_t draw = combine(combine(random_mix(seed ^ 0x6e6f6465u), tree), node);
    int wanted = (int)(fraction * n);
    if (wanted < 1) wanted = 1;
    for (int i = 0; i < n; i++) order[i] = random_mix(combine(draw, (uint64_t)features[i]));
    int kept = 0;
    for (int i = 0; i < n; i++) {
        int before = 0;
        for (int other = 0; other < n; other++) before += order[other] < order[i];
        if (before < wanted) features[kept++] = features[i];
    }
    return kept;
}
