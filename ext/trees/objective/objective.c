#include "trees/objective/objective.h"

#include <math.h>
#include <string.h>
#include "base/numbers/fixed_point.h"
#include "base/numbers/float_key.h"
#include "base/numbers/float_math.h"
#include "base/precondition.h"
#include "statistics/quantile.h"
#include "trees/objective/losses.h"

typedef struct objective_traits {
    const char *name, *stored_name, *metric, *label_form;
    model_link link;
    bool renews_leaves;
    objective_function *function;
} objective_traits;

/* reg:quantileerror and reg:pseudohubererror need a block of parameters and a recent XGBoost; their output is the margin
** itself, as that of reg:squarederror, which every version reads. */
static const objective_traits all[] = {
    [OBJECTIVE_SQUARED_ERROR] = {"reg:squarederror", "reg:squarederror", "rmse", "a number", MODEL_IDENTITY,
                                 false, squared_error},
    [OBJECTIVE_LOGISTIC] = {"binary:logistic", "binary:logistic", "logloss",
                            "from 0 to 1 for binary:logistic", MODEL_LOGISTIC, false, logistic_loss},
    [OBJECTIVE_ABSOLUTE_ERROR] = {"reg:absoluteerror", "reg:absoluteerror", "mae", "a number", MODEL_IDENTITY,
                                  true, absolute_error},
    [OBJECTIVE_QUANTILE_ERROR] = {"reg:quantileerror", "reg:squarederror", "quantile", "a number",
                                  MODEL_IDENTITY, true, quantile_error},
    [OBJECTIVE_PSEUDO_HUBER] = {"reg:pseudohubererror", "reg:squarederror", "mphe", "a number",
                                MODEL_IDENTITY, false, pseudo_huber},
    [OBJECTIVE_HUBER] = {"huber", "reg:squarederror", "huber", "a number", MODEL_IDENTITY, false, huber},
    [OBJECTIVE_POISSON] = {"count:poisson", "count:poisson", "poisson", "at least 0 for count:poisson",
                           MODEL_EXPONENTIAL, false, poisson_loss},
    [OBJECTIVE_GAMMA] = {"reg:gamma", "reg:gamma", "gamma-deviance", "above 0 in float32 for reg:gamma",
                         MODEL_EXPONENTIAL, false, gamma_deviance},
    [OBJECTIVE_TWEEDIE] = {"reg:tweedie", "reg:tweedie", "tweedie-nloglik", "at least 0 for reg:tweedie",
                           MODEL_EXPONENTIAL, false, tweedie_loss},
    [OBJECTIVE_SOFTMAX] = {"multi:softprob", "multi:softprob", "mlogloss",
                           "a whole number from 0 to num_class - 1 for multi:softprob", MODEL_SOFTMAX, false,
                           softmax_loss},
};

const char *objective_name(const objective *o) {
    return all[o->kind].name;
}

const char *objective_stored_name(const objective *o) {
    return all[o->kind].stored_name;
}

const char *objective_metric(const objective *o) {
    return all[o->kind].metric;
}

double objective_metric_value(const objective *o, double mean_loss) {
    return o->kind == OBJECTIVE_SQUARED_ERROR ? sqrt(mean_loss) : mean_loss;
}

model_link objective_link(const objective *o) {
    return all[o->kind].link;
}

int objective_outputs(const objective *o) {
    return o->kind == OBJECTIVE_SOFTMAX ? o->n_classes : o->n_levels > 1 ? o->n_levels : 1;
}

bool objective_takes_label(const objective *o, double label) {
    switch (o->kind) {
    case OBJECTIVE_LOGISTIC: return label >= 0 && label <= 1;
    case OBJECTIVE_POISSON:
    case OBJECTIVE_TWEEDIE: return label >= 0;
    case OBJECTIVE_GAMMA: return (float)label > 0;
    case OBJECTIVE_SOFTMAX: return label >= 0 && label < o->n_classes && label == floor(label);
    default: return true;
    }
}

const char *objective_label_form(const objective *o) {
    return all[o->kind].label_form;
}

bool objective_renews_leaves(const objective *o) {
    return all[o->kind].renews_leaves;
}

void objective_gradients(const objective *o, const objective_rows *rows) {
    all[o->kind].function(o, rows);
}

float objective_margin_of(const objective *o, double output) {
    float x = (float)output;
    switch (all[o->kind].link) {
    case MODEL_LOGISTIC: return x >= 0 && x <= 1 ? float_logit(x) : NAN;
    case MODEL_EXPONENTIAL: return x >= 1e-30f ? float_log(x) : NAN;
    case MODEL_SOFTMAX: return NAN;
    case MODEL_IDENTITY: break;
    }
    return x;
}

/* --- intercepts ----------------------------------------------------------------------------------------- */

typedef struct label_set {
    const float *labels;
    const row_weights *weights;
    size_t n;
} label_set;

static double sum_over(const label_set *set, const double *x) {
    return fixed_point_sum(x, set->weights->units, set->weights->total, set->n);
}

static float quantile_of_labels(double q, const label_set *set, double *scratch) {
    uint32_t *keys = (uint32_t *)scratch, *units = set->weights->units ? keys + set->n : NULL;
    for (size_t i = 0; i < set->n; i++) keys[i] = float_key(set->labels[i]);
    if (units) memcpy(units, set->weights->units, set->n * sizeof *units);
    return weighted_quantile(q, keys, units, ldexp(1, set->weights->fraction_bits), set->n);
}

/* Rows with label 1 count `positive_weight` times. */
static double mean_of_labels(const label_set *set, double positive_weight, double *scratch) {
    for (size_t i = 0; i < set->n; i++)
        scratch[i] = (set->labels[i] == 1 ? positive_weight : 1) * set->labels[i];
    double sum = sum_over(set, scratch);
    if (positive_weight == 1) return sum / (double)set->weights->total;
    for (size_t i = 0; i < set->n; i++) scratch[i] = set->labels[i] == 1 ? positive_weight : 1;
    return sum / sum_over(set, scratch);
}

static float log_of_at_least(double x, double least) {
    return float_log((float)(x > least ? x : least));
}

static void log_shares_of_classes(const label_set *set, int n_classes, double *scratch, float *margins) {
    for (int k = 0; k < n_classes; k++) {
        for (size_t i = 0; i < set->n; i++) scratch[i] = set->labels[i] == (float)k;
        margins[k] = log_of_at_least(sum_over(set, scratch) / (double)set->weights->total, 1e-6);
    }
}

void objective_intercepts(const objective *o, const float *labels, const row_weights *weights, size_t n,
                          double *scratch, float *margins) {
    assert(n > 0);
    label_set set = {labels, weights, n};
    switch (o->kind) {
    case OBJECTIVE_SQUARED_ERROR: margins[0] = (float)mean_of_labels(&set, 1, scratch); break;
    case OBJECTIVE_LOGISTIC:
        margins[0] = float_logit((float)mean_of_labels(&set, o->positive_weight, scratch));
        break;
    case OBJECTIVE_POISSON: margins[0] = log_of_at_least(mean_of_labels(&set, 1, scratch), 1e-6); break;
    case OBJECTIVE_GAMMA: /* of which any scale of the labels is as good as another */
    case OBJECTIVE_TWEEDIE: margins[0] = log_of_at_least(mean_of_labels(&set, 1, scratch), 1e-30); break;
    case OBJECTIVE_SOFTMAX: log_shares_of_classes(&set, o->n_classes, scratch, margins); break;
    case OBJECTIVE_QUANTILE_ERROR:
        margins[0] = quantile_of_labels(o->quantile, &set, scratch);
        for (int k = 1; k < o->n_levels; k++) margins[k] = quantile_of_labels(o->levels[k], &set, scratch);
        break;
    case OBJECTIVE_ABSOLUTE_ERROR:
    case OBJECTIVE_PSEUDO_HUBER: /* whose best constant has no closed form; the median is near */
    case OBJECTIVE_HUBER: margins[0] = quantile_of_labels(0.5, &set, scratch); break;
    }
}
