/* How far two samples are apart, by the shares of their rows in each cell: a category, a bin of numbers, what is missing. */
#ifndef ATHLETE_DRIFT_CELLS_H
#define ATHLETE_DRIFT_CELLS_H

#include <stddef.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/poll.h"
#include "drift/two_samples.h"

typedef struct cell {
    int64_t reference, current; /* rows, of which one at least is not 0 */
} cell;

/* Cells that grow one by one. */
typedef struct cell_list {
    cell *cells;
    size_t n, capacity;
} cell_list;

athlete_status cells_add(athlete_budget *budget, cell_list *list, cell one);

/* Adds the cells of numbers, both samples sorted, either may be empty. Each number is a cell of its own; but with `bins`, from 2 on,
** where the reference has more different numbers than that, a cell is what lies above one of its quantiles k / bins (type 7 of
** Hyndman & Fan 1996, Am. Stat. 50:361) up to the next one. */
athlete_status cells_of_numbers(athlete_budget *budget, athlete_poll *poll, sample reference, sample current,
                                size_t bins, cell_list *list);

/* The quantile k / parts of a sorted sample that is not empty (type 7). */
double sample_quantile(sample s, size_t k, size_t parts);

/* All of these: NAN where one of the samples has no rows. The order of the cells is nothing to the bits of the answer. */

/* Population stability index: the sum of (q - p) ln(q / p). An empty cell counts as a share of 0.0001, or of half a row where that
** is less, so that it is finite (Siddiqi, Credit Risk Scorecards, 2006). */
double population_stability(const cell *cells, size_t n);

/* The square root of the divergence of Lin 1991, IEEE Trans. Inf. Theory 37:145, by logarithms to the base: 0 to 1 with base 2. */
double jensen_shannon_distance(const cell *cells, size_t n, double base);

/* Half the sum, and the greatest, of |p - q|: 0 to 1. */
double total_variation(const cell *cells, size_t n);
double greatest_difference(const cell *cells, size_t n);

/* Pearson 1900, with the correction of Yates 1934 where there are two cells; a single one has p = 1. */
typedef struct chi2_result {
    double statistic, p;
    int64_t degrees;
} chi2_result;

chi2_result chi2_compare(const cell *cells, size_t n);

#endif
