/* exp and log in float32, the same bits on every platform, and the bits that XGBoost computes.
**
** XGBoost calls the C library's expf and logf. glibc (since 2.28), musl, bionic and newlib share one
** implementation of both, from Arm's optimized-routines, which is a table and a short polynomial in double
** arithmetic. Following the same steps without a fused multiply-add gives its results on every processor. */
#ifndef ATHLETE_BASE_NUMBERS_FLOAT_MATH_H
#define ATHLETE_BASE_NUMBERS_FLOAT_MATH_H

/* e to the x. For |x| above 88.7 the argument is taken as 88.7 with the sign of x. */
float float_exp(float x);

/* Natural logarithm of a positive, normal, finite x. */
float float_log(float x);

/* 1 / (1 + e^-x), evaluated as XGBoost's common::Sigmoid does. Rises from about 3e-39 to 1. */
float float_sigmoid(float x);

/* log(p / (1 - p)), evaluated as XGBoost turns base_score into a margin: p is kept from 1e-6 to 1 - 1e-6. */
float float_logit(float p);

#endif
