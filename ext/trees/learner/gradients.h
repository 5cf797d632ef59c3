/* A round's gradients and hessians as integers, in the form in which a histogram can add them fastest.
**
** Every gradient is a whole number of units, a power of two chosen from the largest of them; so is every hessian. Sums of whole
** numbers do not depend on the order of their terms, so rows in any order, on any number of threads, added up or subtracted
** from a parent's sum, give the same bits (fixed_point.h). Both are small enough for one 64-bit slot to hold a
** sum of gradients in its high part and a sum of hessians in its low part: one addition adds a row to a bin, where LightGBM and
** XGBoost make two of doubles. With n rows and b = count_bits(n), so that n < 2^b:
**
**   COUNTED  where every hessian is 1 (squared error, quantiles): a row is g << b | 1, the low part counts rows. It stays
**            below 2^b, and |g| <= 2^(62 - 2 b) keeps the whole below 2^62: no overflow, whatever the rows. (Few rows have |g| <= 2^(51 - b),
**            so that a sum of gradients is below 2^51, which scan.c needs to make doubles of them.) 22 bits for g at a
**            million rows.
**   PAIRED   else: a row is g << 32 | h. Up to 2^14 rows, |g| < 2^(31 - b) and h < 2^(32 - b), so no sum leaves its half. With
**            more rows |g| < 2^16 and h < 2^15, and a slot takes at most 2^15 rows before it is emptied into a WIDE one:
**            2^15 * 2^16 = 2^31.
**   WIDE     two 64-bit slots, of weighted rows (weight * g, weight * h), of nodes too large for a PAIRED slot, and of what
**            the other forms would cut too coarsely: more than 2^21 rows, or gradients of which the mean size is below 64
**            units, a few being far larger than the rest. Then |g|, h < 2^31, or less where that times the total weight could
**            pass 2^62.
**
** Rounding moves each gradient and hessian by half a unit at most, and a sum over m rows by m / 2 units: at a mean size of 64 units
** or more that is below 1/128 of the sum of sizes, and typically, errors having either sign, sqrt(m / 12) units. A hessian is never
** rounded to 0, so a bin that holds rows is not 0. The unit depends on the total weight alone, not on the form, so a row of
** weight 2 gives the sums of the row given twice. (LightGBM's quantized training, Shi et al., NeurIPS 2022, goes down to 2 to 5
** bits, with random rounding and 32-bit slots for blocks.) */
#ifndef ATHLETE_TREES_LEARNER_GRADIENTS_H
#define ATHLETE_TREES_LEARNER_GRADIENTS_H

#include <stdbool.h>
#include "trees/bins/bins.h"

#define ATHLETE_MAX_ROWS    ((size_t)1 << 26)
#define ATHLETE_PAIRED_ROWS ((size_t)1 << 15) /* that a PAIRED slot takes */

typedef struct gradient_sum {
    int64_t gradient, hessian; /* in units */
} gradient_sum;

/* Units per 1: powers of two. Of weighted sums the units are as much smaller as those of the weights are. */
typedef struct gradient_scale {
    double gradient, hessian;
} gradient_scale;

typedef enum gradient_form { GRADIENTS_COUNTED, GRADIENTS_PAIRED, GRADIENTS_WIDE } gradient_form;

typedef struct row_gradients {
    gradient_form form;
    int shift;        /* of the gradient in a slot that is not WIDE */
    int bits;         /* that a gradient has at most; with one more no sum would overflow yet */
    int hessian_bits; /* that a hessian has at most */
    bool fine;        /* the units are finer than rows without weights would need */
    bool counts_rows; /* every hessian is 1, so a sum of hessians is a number of rows, or their weight */
    gradient_scale scale;
    int64_t smallest_hessian, largest_hessian; /* of a row of weight 1, in units */
    bool
        in_records; /* the 32-bit form is in the header of the row's record; else `packed` or `wide` has it */
    int64_t *packed;         /* per row, as a slot takes it; of at most 2^14 rows */
    gradient_sum *wide;      /* per row */
    uint64_t total;          /* weight of all rows in units of weight */
    const uint32_t *weights; /* per row, or NULL */
    int weight_bits;         /* of the fraction in a weight */
} row_gradients;

/* Prepares for the rows of a training set. `weights` may be NULL, and must stay. */
void gradients_begin(row_gradients *g, const bin_matrix *bins, const row_weights *weights);
void gradients_end(row_gradients *g, athlete_budget *budget);

/* Rounds the gradients and hessians (not negative) of all rows, not yet multiplied by weights. The choice of units and form
** sees the largest of each and the mean size, not the order. */
athlete_status gradients_fix(row_gradients *g, const double *gradient, const double *hessian,
                             bin_matrix *bins, athlete_budget *budget, athlete_pool *pool);

/* What the choice of units and form sees of gradients. Begins with an infinite smallest hessian. */
typedef struct gradient_measures {
    double largest, largest_hessian, smallest_hessian;
    int64_t gradient_units, hessian_units; /* sums of sizes in units, as rounded */
} gradient_measures;

void gradient_measures_add(gradient_measures *all, const gradient_measures *some);

/* The two steps of gradients_fix for who computes gradients block by block: rounds those of the n rows from `begin` in the units and
** form that there are, and adds to the measures; then tells whether gradients_fix would have chosen the same for all. */
void gradients_round(row_gradients *g, bin_matrix *bins, size_t begin, size_t n, const double *gradient,
                     const double *hessian, gradient_measures *measures);
bool gradients_settle(row_gradients *g, const gradient_measures *measures);

/* How much the sum of the gradients of some rows varies by chance: the sum of squares of their distances from `mean`, in
** squares of the units of sums. Whole weights are numbers of rows, each of which has its square; a row with a weight that is
** not has the square of the weight too. The terms are whole numbers of a coarser unit, so the order of rows does not matter. */
double gradients_squares(const row_gradients *g, const bin_matrix *bins, const uint32_t *rows, size_t n,
                         int64_t mean);

/* What a slot holds. */
static inline gradient_sum slot_sum(int64_t slot, int shift) {
    int64_t low = slot & (((int64_t)1 << shift) - 1);
    return (gradient_sum){slot >> shift, low};
}

/* One row as a slot takes it, from its record's header. */
static inline int64_t slot_of_header(uint32_t header, gradient_form form, int shift) {
    if (form == GRADIENTS_COUNTED) return (int64_t)(int32_t)header * ((int64_t)1 << shift) + 1;
    return (int64_t)((int32_t)header >> 15) * ((int64_t)1 << 32) + (int64_t)(header & 0x7fff);
}

static inline double sum_gradient(gradient_sum sum, const gradient_scale *scale) {
    return (double)sum.gradient / scale->gradient;
}

static inline double sum_hessian(gradient_sum sum, const gradient_scale *scale) {
    return (double)sum.hessian / scale->hessian;
}

static inline gradient_sum sum_difference(gradient_sum a, gradient_sum b) {
    return (gradient_sum){a.gradient - b.gradient, a.hessian - b.hessian};
}

#endif
