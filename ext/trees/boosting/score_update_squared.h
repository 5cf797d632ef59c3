/* The squared error's gradients kept as integers from tree to tree, and the next root histogram found by algebra.
**
** The gradient of the squared error is margin - label, so a leaf of value v adds v to the gradient of each of its rows. Done in
** the integers that histograms add (gradients.h, the form COUNTED), with v rounded to q units, this makes the passes that would
** compute, measure and round all gradients anew one addition per row. And the sum of gradients in a bin grows by q times the
** number of the leaf's rows in that bin, which the leaf's histogram has counted. So the histogram of the next root, of all rows,
** is the last one plus, leaf by leaf, q * counts: 31 leaves of 28 features of 256 bins are 0.2 million products where a
** million rows are 28 million additions. Integer arithmetic makes it the same histogram to the bit, whichever way is
** cheaper, so the choice does not show in the model.
**
** Bounds. Rounding v moves a row's gradient by half a unit per tree. At a million rows a unit is 2^-22 of the largest gradient
** of the first round, and finer for fewer rows. Where gradients shrink, units do: they are halved until the largest
** gradient has all its bits again. If the mean gradient falls below 64 units nevertheless, the integers are given up for
** gradients from the margins. A gradient that could outgrow its bits makes units coarser first. */
#ifndef ATHLETE_TREES_BOOSTING_SCORE_UPDATE_SQUARED_H
#define ATHLETE_TREES_BOOSTING_SCORE_UPDATE_SQUARED_H

#include "trees/learner/grow.h"

typedef struct squared_update {
    bool kept;
    int bits;            /* that the largest gradient has, in units */
    double mean_squares; /* of all residuals: the loss of the training rows */
} squared_update;

/* Begins after grower_fit for the first tree, which must see all rows: *r is kept unless the gradients need finer units. Rows
** with weights are stepped likewise, so that a weight stays the same as repetition, without the algebra. Only lack of
** memory fails. */
athlete_status squared_update_begin(squared_update *r, grower *g);

/* After a tree whose leaves have their values: what remains of every row, and the root of the next tree. `offset` is what is in
** the leaves' values besides the step. If *r is not kept any more, gradients are to be fitted anew, to the margins, which nobody
** needs before: score_update_from_zero. */
athlete_status squared_update_rows(squared_update *r, grower *g, double offset);

#endif
