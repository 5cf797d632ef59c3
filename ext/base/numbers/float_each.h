/* The functions of float_math.h of many numbers at once, the same bits on every level of vector instructions.
**
** The vector code takes the same steps in the same order, four doubles at a time. `y` may be `x`. */
#ifndef ATHLETE_BASE_NUMBERS_FLOAT_EACH_H
#define ATHLETE_BASE_NUMBERS_FLOAT_EACH_H

#include <stddef.h>
#include "base/simd.h"

void float_exp_each(const float *x, size_t n, simd_level level, float *y);
void float_log_each(const float *x, size_t n, simd_level level, float *y);
void float_sigmoid_each(const float *x, size_t n, simd_level level, float *y);

#endif
