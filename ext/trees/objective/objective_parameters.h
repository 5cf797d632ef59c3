/* Which loss is minimised, with what numbers, over which rows. */
#ifndef ATHLETE_TREES_OBJECTIVE_OBJECTIVE_PARAMETERS_H
#define ATHLETE_TREES_OBJECTIVE_OBJECTIVE_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/simd.h"

typedef enum objective_kind {
    OBJECTIVE_SQUARED_ERROR,
    OBJECTIVE_LOGISTIC,       /* label from 0 to 1 */
    OBJECTIVE_ABSOLUTE_ERROR, /* leaves become medians of residuals */
    OBJECTIVE_QUANTILE_ERROR, /* leaves become quantiles of residuals */
    OBJECTIVE_PSEUDO_HUBER,   /* square near 0, linear far away, smooth in between */
    OBJECTIVE_HUBER,          /* square up to the slope, linear beyond */
    OBJECTIVE_POISSON,        /* label at least 0; the margin is the logarithm of the rate */
    OBJECTIVE_GAMMA,          /* label above 0; the margin is the logarithm of the mean */
    OBJECTIVE_TWEEDIE,        /* label at least 0; the margin is the logarithm of the mean */
    OBJECTIVE_SOFTMAX,        /* label a class, 0 to n_classes - 1; one margin per class */
} objective_kind;

#define OBJECTIVE_MOST_LEVELS 16

typedef struct objective {
    objective_kind kind;
    double quantile; /* above 0 and below 1; 0.5 for the absolute error */
    double levels
        [OBJECTIVE_MOST_LEVELS]; /* of quantiles, ascending, where there are several; one output for each */
    int n_levels;                /* 1 but for those */
    double slope;                /* of a Huber loss far from 0 */
    double positive_weight;      /* of rows with label 1, for the logistic loss */
    double max_delta_step;       /* for Poisson: hessians are those of a margin higher by this */
    double variance_power;       /* for Tweedie, at least 1 and below 2 */
    int n_classes;               /* at least 2, for softmax */
    bool friedman_hessians;      /* for softmax, see there */
    simd_level level;            /* of vector instructions: simd_available() or less */
} objective;

/* The margins of a row are n apart: those of output k are margins[k * n] to margins[k * n + n - 1]. */
typedef struct objective_rows {
    size_t n;
    const float *margins, *labels;
    double *gradients, *hessians; /* laid out as the margins; both NULL where only losses are wanted */
    double *losses;               /* n */
} objective_rows;

#endif
