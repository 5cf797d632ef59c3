/* Sorting float32 by value: linear, stable in nothing but the values, so the order in which they came is gone. */
#ifndef ATHLETE_BASE_NUMBERS_FLOAT_SORT_H
#define ATHLETE_BASE_NUMBERS_FLOAT_SORT_H

#include <stddef.h>
#include <stdint.h>

/* Sorts n values, none of them NaN, in ascending order. `scratch` has room for n more. */
void float_sort(float *values, float *scratch, size_t n);

/* The same, and moves to the place of each value the number that was beside it. */
void float_sort_pairs(float *values, uint32_t *companions, float *scratch, uint32_t *companion_scratch,
                      size_t n);

#endif
