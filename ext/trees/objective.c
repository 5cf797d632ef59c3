#include "trees/objective.h"

#include <math.h>
#include "trees/fixed_point.h"
#include "trees/float_math.h"
#include "trees/float_sort.h"

const char *objective_name(const objective *o) {
    static const char *const names[] = {"reg:squarederror", "binary:logistic", "reg:absoluteerror",
                                        "reg:quantileerror"};
    return names[o->kind];
}

/* reg:quantileerror exists from XGBoost 2 on and needs a block of parameters; its output is the margin itself, as
** that of reg:squarederror, which every version reads. */
const char *objective_stored_name(const objective *o) {
    return o->kind == OBJECTIVE_QUANTILE_ERROR ? "reg:squarederror" : objective_name(o);
}

const char *objective_metric(const objective *o) {
    static const char *const names[] = {"rmse", "logloss", "mae", "quantile"};
    return names[o->kind];
}

double objective_metric_value(const objective *o, double mean_loss) {
    return o->kind == OBJECTIVE_SQUARED_ERROR ? sqrt(mean_loss) : mean_loss;
}

bool objective_renews_leaves(const objective *o) {
    return o->kind == OBJECTIVE_ABSOLUTE_ERROR || o->kind == OBJECTIVE_QUANTILE_ERROR;
}

static double log_of_probability(float p) {
    return float_log(p > 1e-16f ? p : 1e-16f);
}

static void logistic(const float *margins, const float *labels, size_t n, double *gradients, double *hessians,
                     double *losses) {
    for (size_t i = 0; i < n; i++) {
        float p = float_sigmoid(margins[i]);
        double hessian = (double)p * (1 - (double)p);
        gradients[i] = (double)p - labels[i];
        hessians[i] = hessian > 1e-16 ? hessian : 1e-16;
        losses[i] = -labels[i] * log_of_probability(p) - (1 - (double)labels[i]) * log_of_probability(1 - p);
    }
}

typedef struct slopes {
    double above, below, at_zero; /* of the loss, where the margin is above, below or at the label */
} slopes;

static void piecewise_linear(slopes slope, const float *margins, const float *labels, size_t n,
                             double *gradients, double *hessians, double *losses) {
    for (size_t i = 0; i < n; i++) {
        double excess = (double)margins[i] - labels[i];
        gradients[i] = excess > 0 ? slope.above : excess < 0 ? slope.below : slope.at_zero;
        hessians[i] = 1;
        losses[i] = gradients[i] * excess;
    }
}

void objective_gradients(const objective *o, const float *margins, const float *labels, size_t n,
                         double *gradients, double *hessians, double *losses) {
    switch (o->kind) {
    case OBJECTIVE_LOGISTIC: logistic(margins, labels, n, gradients, hessians, losses); break;
    case OBJECTIVE_ABSOLUTE_ERROR:
        piecewise_linear((slopes){1, -1, 0}, margins, labels, n, gradients, hessians, losses);
        break;
    case OBJECTIVE_QUANTILE_ERROR: /* Koenker and Bassett, Econometrica 1978 */
        piecewise_linear((slopes){1 - o->quantile, -o->quantile, 1 - o->quantile}, margins, labels, n,
                         gradients, hessians, losses);
        break;
    case OBJECTIVE_SQUARED_ERROR:
        for (size_t i = 0; i < n; i++) {
            double excess = (double)margins[i] - labels[i];
            gradients[i] = excess;
            hessians[i] = 1;
            losses[i] = excess * excess;
        }
    }
}

float objective_margin_of(const objective *o, double output) {
    if (o->kind != OBJECTIVE_LOGISTIC) return (float)output;
    float p = (float)output;
    return p >= 0 && p <= 1 ? float_logit(p) : NAN;
}

float objective_quantile(double q, float *values, float *scratch, size_t n) {
    float_sort(values, scratch, n);
    double at = q * ((double)n + 1) - 1;
    if (at <= 0) return values[0];
    if (at >= (double)(n - 1)) return values[n - 1];
    size_t below = (size_t)at;
    return (float)(values[below] + (at - (double)below) * ((double)values[below + 1] - values[below]));
}

float objective_intercept(const objective *o, const float *labels, size_t n, double *scratch) {
    if (objective_renews_leaves(o)) {
        float *values = (float *)scratch;
        for (size_t i = 0; i < n; i++) values[i] = labels[i];
        return objective_quantile(o->quantile, values, values + n, n);
    }
    for (size_t i = 0; i < n; i++) scratch[i] = labels[i];
    double mean = fixed_point_sum(scratch, n) / (double)n;
    return o->kind == OBJECTIVE_LOGISTIC ? float_logit((float)mean) : (float)mean;
}
