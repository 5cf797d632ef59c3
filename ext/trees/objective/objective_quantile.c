/* The quantile loss (Koenker and Bassett, Econometrica 1978); at the median it is half the absolute error. */
#include "trees/objective/losses.h"

typedef struct slopes {
    double above, below, at_zero; /* of the loss, where the margin is above, below or at the label */
} slopes;

/* Adds `share` of the losses of output k to those of the ones before it. */
static void piecewise_linear(slopes slope, const objective_rows *rows, int k, double share) {
    size_t first = (size_t)k * rows->n;
    for (size_t i = 0; i < rows->n; i++) {
        double excess = (double)rows->margins[first + i] - rows->labels[i];
        double gradient = excess > 0 ? slope.above : excess < 0 ? slope.below : slope.at_zero;
        rows->losses[i] = (k > 0 ? rows->losses[i] : 0) + share * (gradient * excess);
        if (!rows->gradients) continue;
        rows->gradients[first + i] = gradient;
        rows->hessians[first + i] = 1;
    }
}

void absolute_error(const objective *o, const objective_rows *rows) {
    (void)o;
    piecewise_linear((slopes){1, -1, 0}, rows, 0, 1);
}

void quantile_error(const objective *o, const objective_rows *rows) {
    int n = o->n_levels > 1 ? o->n_levels : 1;
    for (int k = 0; k < n; k++) {
        double q = n > 1 ? o->levels[k] : o->quantile;
        piecewise_linear((slopes){1 - q, -q, 1 - q}, rows, k, 1.0 / n);
    }
}
