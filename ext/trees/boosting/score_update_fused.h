/* What happens to every row between two trees, in one pass: its margin gains the leaf's value, and of the new margin the loss and
** the rounded gradients go straight to where the next histogram reads them. Nothing but margins, labels and records passes through
** memory, where passes for margins, gradients, their largest, their rounding and the loss write and read five arrays of doubles.
**
** Units and the scale of the loss depend on the largest of all rows, which is known only after the pass. So it is made with those of
** the round before and is good if they turn out to be the same, as they nearly always do: then every bit is what the passes one by
** one give. Else these have to be made, from margins that are as they should be (score_update.h). */
#ifndef ATHLETE_TREES_BOOSTING_SCORE_UPDATE_FUSED_H
#define ATHLETE_TREES_BOOSTING_SCORE_UPDATE_FUSED_H

#include "trees/learner/grow.h"
#include "trees/objective/objective.h"

typedef struct fused_update {
    const objective *objective; /* with one margin per row */
    const float *labels;
    const row_weights *weights;
    double loss_scale; /* of the round before: see fixed_point_sum; 0 if there is none */
} fused_update;

/* After a tree that has seen all rows, whose leaves have their values, and which grower_fit or this had prepared. *good is whether
** the next tree can be grown, and *loss is the sum of losses. */
athlete_status fused_update_rows(fused_update *r, grower *g, float *margins, bool *good, double *loss);

#endif
