#include "numbers_mutator.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NUMBERS 4096
#define MAX_LENGTH  40 /* of a number that is moved */

typedef struct span {
    size_t start, length;
} span;

static const char *const special[] = {
    "0",        "-0",          "1",          "-1",     "2",           "3",
    "7",        "31",          "32",         "255",    "256",         "65535",
    "65536",    "0.5",         "-0.5",       "0.1",    "2147483646",  "2147483647",
    "1e38",     "-2147483648", "4294967295", "1e39",   "3e9",         "1e-45",
    "16777215", "16777216",    "1e400",      "-1e400", "-4294967296", "NaN",
    "null",     "true",        "1e308",      "64",     "-65536",      "9007199254740993",
};

static uint32_t next(uint32_t *state) { /* Marsaglia's xorshift */
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

static bool in_number(uint8_t c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static size_t find_numbers(const uint8_t *data, size_t size, span *found) {
    size_t n = 0;
    for (size_t i = 0; i < size && n < MAX_NUMBERS;) {
        if (!((data[i] >= '0' && data[i] <= '9') || data[i] == '-')) {
            i++;
            continue;
        }
        size_t start = i;
        while (i < size && in_number(data[i])) i++;
        found[n++] = (span){start, i - start};
    }
    return n;
}

/* Puts `length` bytes in the place of a span; the size then, or 0 if there is no room. */
static size_t put(uint8_t *data, size_t size, size_t max_size, span place, const void *bytes, size_t length) {
    if (size - place.length + length > max_size) return 0;
    memmove(data + place.start + length, data + place.start + place.length,
            size - place.start - place.length);
    memcpy(data + place.start, bytes, length);
    return size - place.length + length;
}

/* The span and the comma or blank that keeps it apart from the next. */
static span with_separator(const uint8_t *data, size_t size, span place) {
    size_t end = place.start + place.length;
    if (end < size && (data[end] == ',' || data[end] == ' ')) return (span){place.start, place.length + 1};
    if (place.start > 0 && (data[place.start - 1] == ',' || data[place.start - 1] == ' '))
        return (span){place.start - 1, place.length + 1};
    return place;
}

static size_t change_number(uint8_t *data, size_t size, size_t max_size, uint32_t *state) {
    static span numbers[MAX_NUMBERS];
    size_t n = find_numbers(data, size, numbers);
    if (n == 0) return 0;
    span place = numbers[next(state) % n], other = numbers[next(state) % n];
    char text[MAX_LENGTH + 2];
    int length;
    switch (next(state) % 6) {
    case 0:
    case 1: {
        const char *value = special[next(state) % (sizeof special / sizeof *special)];
        return put(data, size, max_size, place, value, strlen(value));
    }
    case 2: /* a neighbour, which is often another valid index */
        if (place.length > 18) return 0;
        memcpy(text, data + place.start, place.length);
        text[place.length] = '\0';
        length = snprintf(text, sizeof text, "%lld", strtoll(text, NULL, 10) + (int)(next(state) % 7) - 3);
        return put(data, size, max_size, place, text, (size_t)length);
    case 3:
        if (other.length > MAX_LENGTH) return 0;
        memcpy(text, data + other.start, other.length);
        return put(data, size, max_size, place, text, other.length);
    case 4: { /* once more */
        span longer = with_separator(data, size, place);
        if (longer.length > MAX_LENGTH) return 0;
        memcpy(text, data + longer.start, longer.length);
        return put(data, size, max_size, (span){longer.start, 0}, text, longer.length);
    }
    default: return put(data, size, max_size, with_separator(data, size, place), "", 0);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    uint32_t state = seed | 1;
    if (next(&state) % 16 == 0) return LLVMFuzzerMutate(data, size, max_size);
    for (uint32_t left = 1 + next(&state) % 3; left > 0; left--) {
        size_t changed = change_number(data, size, max_size, &state);
        if (changed > 0) size = changed;
    }
    return size;
}
