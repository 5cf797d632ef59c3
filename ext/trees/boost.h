/* Gradient boosting: trees one after another, each fitted to the gradients that the ones before it have left. */
#ifndef ATHLETE_TREES_BOOST_H
#define ATHLETE_TREES_BOOST_H

#include <stdint.h>
#include "trees/grow.h"
#include "trees/model.h"
#include "trees/objective.h"

typedef struct boost_options {
    objective objective;
    int rounds;
    double eta; /* shrinkage of every leaf */
    grow_rules grow;
    int max_bin;
    double subsample, colsample; /* fractions of rows and features that a tree sees */
    uint64_t seed;
    int threads;       /* 0: one per processor */
    double base_score; /* in output space; NaN for the best constant */
} boost_options;

typedef struct training_set {
    const float *values; /* n_rows x n_features, NaN where missing, below FLT_MAX in size */
    const float *labels;
    size_t n_rows; /* 1 to ATHLETE_MAX_ROWS */
    int n_features;
} training_set;

/* Trains a forest, whose base margin is 0: the intercept is in the leaves of the first tree. `history` (rounds floats)
** gets the training loss after each round. The same rows in any order give the same forest, bit for bit. Free the
** forest also after a failure. */
athlete_status boost_train(const training_set *set, const boost_options *options, athlete_budget *budget,
                           athlete_poll *poll, forest *model, float *history);

#endif
