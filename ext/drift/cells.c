#include "drift/cells.h"

#include <math.h>
#include "base/numbers/elementary.h"
#include "base/numbers/exact_sum.h"
#include "statistics/chi_square.h"

#define EMPTY_SHARE 0.0001

athlete_status cells_add(athlete_budget *budget, cell_list *list, cell one) {
    athlete_status status = memory_reserve(budget, &list->cells, &list->capacity, list->n + 1);
    if (status == ATHLETE_OK) list->cells[list->n++] = one;
    return status;
}

/* --- distances ------------------------------------------------------------------------------------------ */

static cell totals(const cell *cells, size_t n) {
    cell all = {0, 0};
    for (size_t i = 0; i < n; i++) {
        all.reference += cells[i].reference;
        all.current += cells[i].current;
    }
    return all;
}

static bool is_comparable(cell all) {
    return all.reference > 0 && all.current > 0;
}

static double share_or_little(int64_t rows, int64_t all) {
    double half_row = 0.5 / (double)all;
    if (rows > 0) return (double)rows / (double)all;
    return half_row < EMPTY_SHARE ? half_row : EMPTY_SHARE;
}

double population_stability(const cell *cells, size_t n) {
    cell all = totals(cells, n);
    if (!is_comparable(all)) return NAN;
    exact_sum sum = {0};
    for (size_t i = 0; i < n; i++) {
        double p = share_or_little(cells[i].reference, all.reference);
        double q = share_or_little(cells[i].current, all.current);
        exact_sum_add(&sum, (q - p) * elementary_log(q / p));
    }
    return exact_sum_value(&sum);
}

/* p ln(p / m) for the mean m of p and q. */
static double relative_entropy(double p, double q) {
    return p > 0 ? p * elementary_log(2 * p / (p + q)) : 0;
}

double jensen_shannon_distance(const cell *cells, size_t n, double base) {
    cell all = totals(cells, n);
    if (!is_comparable(all)) return NAN;
    exact_sum sum = {0};
    for (size_t i = 0; i < n; i++) {
        double p = (double)cells[i].reference / (double)all.reference;
        double q = (double)cells[i].current / (double)all.current;
        exact_sum_add(&sum, relative_entropy(p, q));
        exact_sum_add(&sum, relative_entropy(q, p));
    }
    double divergence = exact_sum_value(&sum) / 2 / elementary_log(base);
    return divergence > 0 ? sqrt(divergence) : 0; /* rounding can leave less than nothing */
}

/* |p - q| n_p n_q of a cell, a whole number. */
static double difference(cell one, cell all) {
    return fabs((double)one.reference * (double)all.current - (double)one.current * (double)all.reference);
}

double total_variation(const cell *cells, size_t n) {
    cell all = totals(cells, n);
    if (!is_comparable(all)) return NAN;
    exact_sum sum = {0};
    for (size_t i = 0; i < n; i++) exact_sum_add(&sum, difference(cells[i], all));
    return exact_sum_value(&sum) / 2 / ((double)all.reference * (double)all.current);
}

double greatest_difference(const cell *cells, size_t n) {
    cell all = totals(cells, n);
    if (!is_comparable(all)) return NAN;
    double greatest = 0;
    for (size_t i = 0; i < n; i++) greatest = fmax(greatest, difference(cells[i], all));
    return greatest / ((double)all.reference * (double)all.current);
}

static double excess_of(double observed, double expected, bool corrected) {
    double size = fabs(observed - expected);
    if (corrected) size -= fmin(0.5, size);
    return size * size / expected;
}

chi2_result chi2_compare(const cell *cells, size_t n) {
    chi2_result result = {NAN, NAN, (int64_t)n - 1};
    cell all = totals(cells, n);
    if (!is_comparable(all)) return result;
    double rows = (double)all.reference + (double)all.current;
    exact_sum sum = {0};
    for (size_t i = 0; i < n; i++) {
        double share = ((double)cells[i].reference + (double)cells[i].current) / rows;
        exact_sum_add(&sum, excess_of((double)cells[i].reference, share * (double)all.reference, n == 2));
        exact_sum_add(&sum, excess_of((double)cells[i].current, share * (double)all.current, n == 2));
    }
    result.statistic = n == 1 ? 0 : exact_sum_value(&sum);
    result.p = n == 1 ? 1 : chi_square_tail((double)(n - 1), result.statistic);
    return result;
}
