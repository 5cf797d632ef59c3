/* What happens to every row between two trees, in one pass: its margin gains the leaf's value, and of the new margin the loss and
** the rounded gradients go straight to where the next histogram reads them. Nothing but margins, labels and records passes through
** memory, where passes for margins, gradients, their largest, their rounding and the loss write and read five arrays of doubles.
**
** Units and the scale of the loss depend on the largest of all rows, which is known only after the pass. So it is made with those of
** the round before and is good if they turn out to be the same, as they nearly always do: then every bit is what the passes one by
** one give. Else these have to be made, from margins that are as they should be (advance.h). */
#ifndef ATHLETE_TREES_BOOSTING_REFIT_H
#define ATHLETE_TREES_BOOSTING_REFIT_H

#include "trees/learner/grow.h"
#include "trees/objective/objective.h"

typedef struct refit {
    const objective *objective; /* with one margin per row */
    const float *labels;
    const row_weights *weights;
    double loss_scale; /* of the round before: see fixed_point_sum; 0 if there is none */
} refit;

/* After a tree that has seen all rows, whose leaves have their values, and which grower_fit or this had prepared. *good is whether
** the next tree can be grown, and *loss is the sum of losses. */
athlete_status refit_rows(refit *r, grower *g, float *margins, bool *good, double *loss);

#endif
