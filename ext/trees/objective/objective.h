/* What is minimised: per row a loss, its first and second derivative by the margin, as XGBoost defines them.
**
** The kinds fall into families, one file each: objective_smooth.c, objective_quantile.c, objective_logistic.c,
** objective_poisson.c, objective_gamma.c, objective_tweedie.c and objective_softmax.c. */
#ifndef ATHLETE_TREES_OBJECTIVE_OBJECTIVE_H
#define ATHLETE_TREES_OBJECTIVE_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include "trees/bins/weights.h"
#include "trees/model/model.h"
#include "trees/objective/objective_parameters.h"

/* XGBoost's name, or LightGBM's where XGBoost has none; and the name of XGBoost's under which a model of it is stored:
** one that every version reads without parameters and whose output is the same function of the margin. */
const char *objective_name(const objective *o);
const char *objective_stored_name(const objective *o);

/* What history reports of it: "rmse", "logloss", "mae", "quantile", "mphe", "huber", "poisson", "gamma-deviance",
** "tweedie-nloglik", "mlogloss". */
const char *objective_metric(const objective *o);
double objective_metric_value(const objective *o, double mean_loss);

model_link objective_link(const objective *o);
int objective_outputs(const objective *o); /* margins of a row */

/* Whether a finite label is one that it can learn from; and what such a label is, for a message. */
bool objective_takes_label(const objective *o, double label);
const char *objective_label_form(const objective *o);

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
