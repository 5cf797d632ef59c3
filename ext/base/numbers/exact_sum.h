/* Sums without any rounding until they are asked for: every bit that a double can have is kept, so that the order of the
** terms is nothing to the result, and a term taken out again leaves nothing behind (a superaccumulator: Kulisch 1971;
** Neal 2015, arXiv:1505.05571). */
#ifndef ATHLETE_BASE_NUMBERS_EXACT_SUM_H
#define ATHLETE_BASE_NUMBERS_EXACT_SUM_H

#include <stdbool.h>
#include <stdint.h>

#define EXACT_SUM_LIMBS 68 /* 2^-1074 … 2^1024, 2^64 times, and a sign */

/* A sum of nothing is all zeros. */
typedef struct exact_sum {
    int64_t
        limb[EXACT_SUM_LIMBS]; /* limb[i] 2^(32 i - 1074), each with carries that have not been passed on */
    uint32_t n_unsettled;      /* terms since they were */
    uint16_t first, end;       /* the limbs from first to before end were touched; end is 0 when none was */
} exact_sum;

/* x is finite. Taking a term out is adding -x. */
void exact_sum_add(exact_sum *sum, double x);
void exact_sum_add_integer(exact_sum *sum, int64_t x, bool negated);

/* The sum, rounded once, to the nearest double and from the middle to the even one; an infinity beyond them all. */
double exact_sum_value(exact_sum *sum);

/* The same of the sum divided by n > 0: of the quotient, not of a rounded sum. */
double exact_sum_mean(exact_sum *sum, uint32_t n);

/* A sum of integers, if it is one that fits. */
bool exact_sum_integer(exact_sum *sum, int64_t *x);

#endif
