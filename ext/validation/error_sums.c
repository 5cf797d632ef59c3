#include "validation/error_sums.h"

#include <math.h>
#include "base/numbers/elementary.h"

#define LEAST 0x1p-52

static double kept_inside(double p) {
    return p < LEAST ? LEAST : p > 1 - LEAST ? 1 - LEAST : p;
}

double error_of(error_kind kind, double actual, double predicted) {
    double distance = fabs(actual - predicted);
    switch (kind) {
    case ERROR_ABSOLUTE: return distance;
    case ERROR_SQUARED: return distance * distance;
    case ERROR_PERCENTAGE: return distance / (fabs(actual) > LEAST ? fabs(actual) : LEAST);
    case ERROR_LOG: return -elementary_log(kept_inside(actual == 1 ? predicted : 1 - predicted));
    }
    return NAN;
}

void error_sums_move(error_sums *sums, double error, double reference_error, bool is_positive, bool out) {
    uint32_t one = out ? UINT32_MAX : 1; /* modulo 2^32 */
    exact_sum_add(&sums->errors, out ? -error : error);
    exact_sum_add(&sums->reference_errors, out ? -reference_error : reference_error);
    sums->n += one;
    if (is_positive) sums->n_positive += one;
}

double error_sums_mean(error_sums *sums) {
    return sums->n > 0 ? exact_sum_mean(&sums->errors, sums->n) : NAN;
}

double error_sums_root(error_sums *sums) {
    return sqrt(error_sums_mean(sums));
}

double error_sums_skill(error_sums *sums, bool has_reference) {
    double n = sums->n, positives = sums->n_positive;
    double reference =
        has_reference ? exact_sum_value(&sums->reference_errors) : positives * (n - positives) / n;
    return reference > 0 ? 1 - exact_sum_value(&sums->errors) / reference : NAN;
}
