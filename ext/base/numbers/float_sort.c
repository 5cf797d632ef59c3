#include "base/numbers/float_sort.h"

#include <string.h>
#include "base/numbers/float_key.h"

#define DIGIT_BITS 11
#define DIGITS     (1 << DIGIT_BITS)
#define SMALL      64

static void insertion_sort(float *values, uint32_t *companions, size_t n) {
    for (size_t i = 1; i < n; i++) {
        float x = values[i];
        uint32_t companion = companions ? companions[i] : 0;
        size_t j = i;
        for (; j > 0 && values[j - 1] > x; j--) {
            values[j] = values[j - 1];
            if (companions) companions[j] = companions[j - 1];
        }
        values[j] = x;
        if (companions) companions[j] = companion;
    }
}

/* Where the values with each digit begin, for all three digits in one pass. */
typedef struct digit_starts {
    uint32_t of[3][DIGITS];
} digit_starts;

static void count_digits(const float *values, size_t n, digit_starts *start) {
    memset(start, 0, sizeof *start);
    for (size_t i = 0; i < n; i++) {
        uint32_t key = float_key(values[i]);
        start->of[0][key & (DIGITS - 1)]++;
        start->of[1][key >> DIGIT_BITS & (DIGITS - 1)]++;
        start->of[2][key >> 2 * DIGIT_BITS]++;
    }
    for (int digit = 0; digit < 3; digit++) {
        uint32_t total = 0;
        for (int d = 0; d < DIGITS; d++) {
            uint32_t count = start->of[digit][d];
            start->of[digit][d] = total;
            total += count;
        }
    }
}

static void sort_by_digit(const float *from, float *to, size_t n, int digit, digit_starts *start) {
    uint32_t *place = start->of[digit];
    int shift = digit * DIGIT_BITS;
    for (size_t i = 0; i < n; i++) to[place[float_key(from[i]) >> shift & (DIGITS - 1)]++] = from[i];
}

static void sort_pairs_by_digit(const float *from, const uint32_t *companions_from, float *to,
                                uint32_t *companions_to, size_t n, int digit, digit_starts *start) {
    uint32_t *place = start->of[digit];
    int shift = digit * DIGIT_BITS;
    for (size_t i = 0; i < n; i++) {
        uint32_t at = place[float_key(from[i]) >> shift & (DIGITS - 1)]++;
        to[at] = from[i];
        companions_to[at] = companions_from[i];
    }
}

void float_sort(float *values, float *scratch, size_t n) {
    if (n <= SMALL) {
        insertion_sort(values, NULL, n);
        return;
    }
    digit_starts start;
    count_digits(values, n, &start);
    sort_by_digit(values, scratch, n, 0, &start);
    sort_by_digit(scratch, values, n, 1, &start);
    sort_by_digit(values, scratch, n, 2, &start);
    memcpy(values, scratch, n * sizeof *values);
}

void float_sort_pairs(float *values, uint32_t *companions, float *scratch, uint32_t *companion_scratch,
                      size_t n) {
    if (n <= SMALL) {
        insertion_sort(values, companions, n);
        return;
    }
    digit_starts start;
    count_digits(values, n, &start);
    sort_pairs_by_digit(values, companions, scratch, companion_scratch, n, 0, &start);
    sort_pairs_by_digit(scratch, companion_scratch, values, companions, n, 1, &start);
    sort_pairs_by_digit(values, companions, scratch, companion_scratch, n, 2, &start);
    memcpy(values, scratch, n * sizeof *values);
    memcpy(companions, companion_scratch, n * sizeof *companions);
}
