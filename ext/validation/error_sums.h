/* Sums of errors, exact, from which every row can be taken out again. */
#ifndef ATHLETE_VALIDATION_ERROR_SUMS_H
#define ATHLETE_VALIDATION_ERROR_SUMS_H

#include <stdbool.h>
#include "base/numbers/exact_sum.h"

typedef enum error_kind {
    ERROR_ABSOLUTE,
    ERROR_SQUARED,
    ERROR_PERCENTAGE, /* |actual - predicted| / |actual|, the latter at least 2^-52 as in scikit-learn */
    ERROR_LOG         /* of a label of 0 or 1 and a probability, which is kept 2^-52 from 0 and 1 */
} error_kind;

/* One row's; infinite where it is beyond all numbers. */
double error_of(error_kind kind, double actual, double predicted);

/* A sum of nothing is all zeros. */
typedef struct error_sums {
    exact_sum errors, reference_errors;
    uint32_t n;
    uint32_t n_positive; /* of labels 1 */
} error_sums;

/* The errors, finite, of a row that comes in or goes out. */
void error_sums_move(error_sums *sums, double error, double reference_error, bool is_positive, bool out);

/* Each NAN of no rows. */
double error_sums_mean(error_sums *sums);
double error_sums_root(error_sums *sums);

/* 1 - the sum of errors / that of the reference's; the reference of labels is their own mean if there is no other. NAN where the
** reference has no error. */
double error_sums_skill(error_sums *sums, bool has_reference);

#endif
