/* Sums whose rounding error is carried along (Neumaier 1974, ZAMM 54:39-51): the result is that of twice the
** precision rounded once, and taking a term out again leaves no residue of its size behind. */
#ifndef ATHLETE_BASE_NUMBERS_SUM_H
#define ATHLETE_BASE_NUMBERS_SUM_H

#include <math.h>

typedef struct athlete_sum {
    double high;
    double error;
} athlete_sum;

static inline void sum_add(athlete_sum *sum, double x) {
    double total = sum->high + x;
    sum->error += fabs(sum->high) >= fabs(x) ? (sum->high - total) + x : (x - total) + sum->high;
    sum->high = total;
}

static inline double sum_value(const athlete_sum *sum) {
    return sum->high + sum->error;
}

#endif
