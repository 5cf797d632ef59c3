/* Categories as numbers: what a column of texts says about a number, without memorising its rows. */
#ifndef ATHLETE_STATISTICS_CATEGORY_H
#define ATHLETE_STATISTICS_CATEGORY_H

#include <stddef.h>
#include <stdint.h>
#include "base/memory.h"
#include "base/poll.h"

#define CATEGORY_MISSING UINT32_MAX

/* The code of each key, from 0 in the order in which they first come; a key of 0 is a missing value, CATEGORY_MISSING. */
athlete_status category_codes(const uint64_t *keys, size_t n, athlete_budget *budget, athlete_poll *poll,
                              uint32_t *codes, size_t *n_codes);

/* The same without missing values, each code being the key's place among them all in an order that depends on nothing but the
** keys, so that rows that come in another order have the same codes. */
athlete_status category_ranks(const uint64_t *keys, size_t n, athlete_budget *budget, athlete_poll *poll,
                              uint32_t *codes, size_t *n_codes);

/* The rows in the order of their codes, none of them missing, and within one as they came: those of code c are
** order[end[c - 1]] to order[end[c] - 1], from 0 for the first. */
void category_rows(const uint32_t *codes, size_t n, size_t n_codes, size_t *end, uint32_t *order);

/* Each row's category by the label of the other half of the rows: how far the mean of the category there lies from the mean
** of that half (cross-fitted target encoding; Micci-Barreca 2001, SIGKDD Explor. 3:27, with the folds of Pargent et al. 2022,
** Comput. Stat. 37:2671). A category that only one half has says 0, so that names of single rows tell nothing. NAN where the
** category or the label (NAN) is missing. The halves are drawn by a fixed hash of the row's number. */
athlete_status category_encode(const uint32_t *codes, size_t n_codes, const double *label, size_t n,
                               athlete_budget *budget, athlete_poll *poll, double *encoded);

#endif
