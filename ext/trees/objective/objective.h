/* What is minimised: per row a loss, its first and second derivative by the margin, as XGBoost defines them.
**
** The kinds fall into families, one file each: objective_smooth.c, objective_quantile.c, objective_logistic.c,
** objective_poisson.c and objective_softmax.c. */
#ifndef ATHLETE_TREES_OBJECTIVE_OBJECTIVE_H
#define ATHLETE_TREES_OBJECTIVE_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/simd.h"
#include "trees/model/model.h"
#include "trees/bins/weights.h"

typedef enum objective_kind {
    OBJECTIVE_SQUARED_ERROR,
    OBJECTIVE_LOGISTIC,       /* label from 0 to 1 */
    OBJECTIVE_ABSOLUTE_ERROR, /* leaves become medians of residuals */
    OBJECTIVE_QUANTILE_ERROR, /* leaves become quantiles of residuals */
    OBJECTIVE_PSEUDO_HUBER,   /* square near 0, linear far away, smooth in between */
    OBJECTIVE_HUBER,          /* square up to the slope, linear beyond */
    OBJECTIVE_POISSON,        /* label at least 0; the margin is the logarithm of the rate */
    OBJECTIVE_SOFTMAX,        /* label a class, 0 to n_classes - 1; one margin per class */
} objective_kind;

typedef struct objective {
    objective_kind kind;
    double quantile;        /* above 0 and below 1; 0.5 for the absolute error */
    double slope;           /* of a Huber loss far from 0 */
    double positive_weight; /* of rows with label 1, for the logistic loss */
    double max_delta_step;  /* for Poisson: hessians are those of a margin higher by this */
    int n_classes;          /* at least 2, for softmax */
    simd_level level;       /* of vector instructions: simd_available() or less */
} objective;

/* XGBoost's name, or LightGBM's where XGBoost has none; and the name of XGBoost's under which a model of it is stored:
** one that every version reads without parameters and whose output is the same function of the margin. */
const char *objective_name(const objective *o);
const char *objective_stored_name(const objective *o);

/* What history reports of it: "rmse", "logloss", "mae", "quantile", "mphe", "huber", "poisson", "mlogloss". */
const char *objective_metric(const objective *o);
double objective_metric_value(const objective *o, double mean_loss);

model_link objective_link(const objective *o);
int objective_outputs(const objective *o); /* margins of a row */

/* Whether a finite label is one that it can learn from; and what such a label is, for a message. */
bool objective_takes_label(const objective *o, double label);
const char *objective_label_form(const objective *o);

/* The margins of a row are n apart: those of output k are margins[k * n] to margins[k * n + n - 1]. */
typedef struct objective_rows {
    size_t n;
    const float *margins, *labels;
    double *gradients, *hessians; /* laid out as the margins; both NULL where only losses are wanted */
    double *losses;               /* n */
} objective_rows;

/* Fills the losses, gradients and hessians; a hessian is at least 1e-16. Rows do not depend on each other. */
void objective_gradients(const objective *o, const objective_rows *rows);

/* The constant margins that fit the labels best, one per output. Without weights, `weights->units` is NULL and the total
** is n. The answer does not depend on the order of rows. `scratch` has room for 2 n. */
void objective_intercepts(const objective *o, const float *labels, const row_weights *weights, size_t n,
                          double *scratch, float *margins);

/* The margin that gives this output, or NaN if none does. */
float objective_margin_of(const objective *o, double output);

/* Whether a leaf's value is a quantile of its residuals and not a Newton step. */
bool objective_renews_leaves(const objective *o);

#endif
