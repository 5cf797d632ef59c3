/* Gradient boosting: trees one after another, each fitted to the gradients that the ones before it have left; with
** several outputs, a round is one tree for each. */
#ifndef ATHLETE_TREES_BOOSTING_BOOST_H
#define ATHLETE_TREES_BOOSTING_BOOST_H

#include <stdint.h>
#include "trees/boosting/metric.h"
#include "trees/boosting/train_data.h"
#include "trees/learner/grower.h"
#include "trees/model/model.h"
#include "trees/objective/objective.h"

typedef struct boost_options {
    objective objective;
    int rounds; /* those of `previous` included */
    double eta; /* shrinkage of every leaf */
    grow_rules grow;
    int max_bin;
    double subsample, colsample; /* fractions of rows and features that a tree sees */
    uint64_t seed;
    double base_score;         /* in output space; NaN for the best constant */
    double max_delta_step;     /* a leaf's value is at most this in size, before shrinkage; 0 for no limit */
    metric_kind metric;        /* of the history, by which stopping goes */
    int early_stopping_rounds; /* ends when the validation loss was not lowered for so many; 0: never */
    int threads;               /* 0: as many as there are processors */
    const forest *
        previous; /* whose rounds are the first ones; of one tree for each output, see forest_can_go_on. NULL for none */
} boost_options;

/* The loss after each round. The arrays have room for all rounds. */
typedef struct boost_history {
    float *train, *validation; /* the latter NULL if there are no validation rows */
    int rounds;                /* that were run */
    int best;                  /* from 0, of the lowest validation loss, the first of equal ones */
} boost_history;

/* The trees of a model before are gone through as if they had been grown: on the same rows, with the same options, what follows is
** the forest that training in one go gives. Not for several quantiles, which share a distance among all rounds.
**
** Trains a forest, whose base margins are 0: the intercepts are in the leaves of the first trees. After early stopping
** it ends with the best round. The same rows in any order give the same forest, bit for bit. Free the forest also after
** a failure. */
athlete_status boost_train(const train_data *set, const boost_options *options, athlete_budget *budget,
                           athlete_poll *poll, forest *model, boost_history *history);

#endif
