/* The quantile loss (Koenker and Bassett, Econometrica 1978); at the median it is half the absolute error. */
#include "trees/objective/losses.h"

typedef struct slopes {
    double above, below, at_zero; /* of the loss, where the margin is above, below or at the label */
} slopes;

static void piecewise_linear(slopes slope, const objective_rows *rows) {
    for (size_t i = 0; i < rows->n; i++) {
        double excess = (double)rows->margins[i] - rows->labels[i];
        double gradient = excess > 0 ? slope.above : excess < 0 ? slope.below : slope.at_zero;
        rows->losses[i] = gradient * excess;
        if (!rows->gradients) continue;
        rows->gradients[i] = gradient;
        rows->hessians[i] = 1;
    }
}

void absolute_error(const objective *o, const objective_rows *rows) {
    (void)o;
    piecewise_linear((slopes){1, -1, 0}, rows);
}

void quantile_error(const objective *o, const objective_rows *rows) {
    piecewise_linear((slopes){1 - o->quantile, -o->quantile, 1 - o->quantile}, rows);
}
