#include "statistics/number_sort.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NUMBER_DIGIT_BITS 11
#define NUMBER_DIGIT_MASK ((1u << NUMBER_DIGIT_BITS) - 1)
#define NUMBER_FEW        512 /* for which counting digits costs more than it saves */
#define NUMBER_RUN        8   /* which are put in order one by one */

/* Doubles as integers in the same order: negative ones are turned round, the others moved above them. */
static void keys_of(double *v, uint64_t *keys, size_t n) {
    for (size_t i = 0; i < n; i++) {
        memcpy(&keys[i], &v[i], sizeof *keys);
        keys[i] ^= keys[i] >> 63 ? UINT64_MAX : (uint64_t)1 << 63;
    }
}

static void numbers_of(const uint64_t *keys, double *v, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = keys[i] ^ (keys[i] >> 63 ? (uint64_t)1 << 63 : UINT64_MAX);
        memcpy(&v[i], &bits, sizeof bits);
    }
}

/* One pass from the lowest digit up; false where all have the same digit, so that nothing has moved. */
static bool pass(const uint64_t *from, uint64_t *to, size_t n, int shift) {
    size_t place[NUMBER_DIGIT_MASK + 1] = {0};
    for (size_t i = 0; i < n; i++) place[from[i] >> shift & NUMBER_DIGIT_MASK]++;
    if (place[from[0] >> shift & NUMBER_DIGIT_MASK] == n) return false;
    size_t before = 0;
    for (size_t d = 0; d <= NUMBER_DIGIT_MASK; d++) {
        size_t here = place[d];
        place[d] = before;
        before += here;
    }
    for (size_t i = 0; i < n; i++) to[place[from[i] >> shift & NUMBER_DIGIT_MASK]++] = from[i];
    return true;
}

static void number_insert(double *v, size_t n) {
    for (size_t i = 1; i < n; i++) {
        double x = v[i];
        size_t k = i;
        for (; k > 0 && v[k - 1] > x; k--) v[k] = v[k - 1];
        v[k] = x;
    }
}

/* Two sorted runs, the second of which may be empty, into one. */
static void number_merge(const double *a, const double *a_end, const double *b, const double *b_end,
                         double *to) {
    while (a < a_end && b < b_end) *to++ = *b < *a ? *b++ : *a++;
    while (a < a_end) *to++ = *a++;
    while (b < b_end) *to++ = *b++;
}

static void number_sort_few(double *v, size_t n) {
    double spare[NUMBER_FEW], *from = v, *to = spare;
    for (size_t i = 0; i < n; i += NUMBER_RUN) number_insert(v + i, n - i < NUMBER_RUN ? n - i : NUMBER_RUN);
    for (size_t run = NUMBER_RUN; run < n; run *= 2) {
        for (size_t i = 0; i < n; i += 2 * run) {
            size_t middle = i + run < n ? i + run : n, end = i + 2 * run < n ? i + 2 * run : n;
            number_merge(from + i, from + middle, from + middle, from + end, to + i);
        }
        double *merged = to;
        to = from;
        from = merged;
    }
    if (from != v) memcpy(v, from, n * sizeof *v);
}

/* To the bit: of equal numbers -0 comes before 0. */
static bool is_in_order(const double *v, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (!(v[i - 1] < v[i]) && memcmp(&v[i - 1], &v[i], sizeof *v) != 0) return false;
    return true;
}

athlete_status number_sort(athlete_budget *budget, athlete_poll *poll, double *v, size_t n) {
    if (is_in_order(v, n)) return poll_due(poll, n) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
    if (n <= NUMBER_FEW) {
        number_sort_few(v, n);
        return poll_due(poll, 20 * n) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
    }
    uint64_t *keys = memory_alloc(budget, n, sizeof *keys), *other = memory_alloc(budget, n, sizeof *other);
    athlete_status status = keys && other ? ATHLETE_OK : memory_status(budget);
    if (status == ATHLETE_OK) keys_of(v, keys, n);
    for (int shift = 0; shift < 64 && status == ATHLETE_OK; shift += NUMBER_DIGIT_BITS) {
        if (pass(keys, other, n, shift)) {
            uint64_t *sorted = other;
            other = keys;
            keys = sorted;
        }
        if (poll_due(poll, 4 * n)) status = ATHLETE_INTERRUPTED;
    }
    if (status == ATHLETE_OK) numbers_of(keys, v, n);
    memory_free(budget, keys);
    memory_free(budget, other);
    return status;
}
