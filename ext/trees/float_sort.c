#include "trees/float_sort.h"

#include <string.h>
#include "trees/float_key.h"

#define DIGIT_BITS 11
#define DIGITS     (1 << DIGIT_BITS)
#define SMALL      64

static void insertion_sort(float *values, size_t n) {
    for (size_t i = 1; i < n; i++) {
        float x = values[i];
        size_t j = i;
        for (; j > 0 && values[j - 1] > x; j--) values[j] = values[j - 1];
        values[j] = x;
    }
}

static void sort_by_digit(const float *from, float *to, size_t n, int shift) {
    uint32_t start[DIGITS] = {0};
    for (size_t i = 0; i < n; i++) start[float_key(from[i]) >> shift & (DIGITS - 1)]++;
    uint32_t total = 0;
    for (int d = 0; d < DIGITS; d++) {
        uint32_t count = start[d];
        start[d] = total;
        total += count;
    }
    for (size_t i = 0; i < n; i++) to[start[float_key(from[i]) >> shift & (DIGITS - 1)]++] = from[i];
}

void float_sort(float *values, float *scratch, size_t n) {
    if (n <= SMALL) {
        insertion_sort(values, n);
        return;
    }
    sort_by_digit(values, scratch, n, 0);
    sort_by_digit(scratch, values, n, DIGIT_BITS);
    sort_by_digit(values, scratch, n, 2 * DIGIT_BITS);
    memcpy(values, scratch, n * sizeof *values);
}
