/* What is minimised: per row a loss, its first and second derivative by the margin, as XGBoost defines them. */
#ifndef ATHLETE_TREES_OBJECTIVE_H
#define ATHLETE_TREES_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum objective_kind {
    OBJECTIVE_SQUARED_ERROR,
    OBJECTIVE_LOGISTIC,       /* label from 0 to 1 */
    OBJECTIVE_ABSOLUTE_ERROR, /* leaves become medians of residuals */
    OBJECTIVE_QUANTILE_ERROR, /* leaves become quantiles of residuals */
} objective_kind;

typedef struct objective {
    objective_kind kind;
    double quantile; /* above 0 and below 1; 0.5 for the absolute error */
} objective;

/* XGBoost's name of it; and the name under which XGBoost can read a model of it in every version. */
const char *objective_name(const objective *o);
const char *objective_stored_name(const objective *o);

/* The name and value that the training history reports: "rmse", "logloss", "mae", "quantile". */
const char *objective_metric(const objective *o);
double objective_metric_value(const objective *o, double mean_loss);

/* Gradient, hessian and loss of n rows. The hessian is at least 1e-16. */
void objective_gradients(const objective *o, const float *margins, const float *labels, size_t n,
                         double *gradients, double *hessians, double *losses);

/* The constant margin that fits the labels best. The sum over rows does not depend on their order. `scratch` has room
** for 2 n. */
float objective_intercept(const objective *o, const float *labels, size_t n, double *scratch);

/* The margin that gives this output, or NaN if none does. */
float objective_margin_of(const objective *o, double output);

/* Whether a leaf's value is a quantile of its residuals and not a Newton step. */
bool objective_renews_leaves(const objective *o);

/* The quantile of n values, which are sorted on return; `scratch` has room for n. Between two of them it is
** interpolated at q (n + 1) - 1, type 6 of Hyndman and Fan (1996), as XGBoost does for leaves. */
float objective_quantile(double q, float *values, float *scratch, size_t n);

#endif
