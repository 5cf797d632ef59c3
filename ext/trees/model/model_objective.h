/* The objectives of XGBoost whose models can be scored here. */
#ifndef ATHLETE_TREES_MODEL_MODEL_OBJECTIVE_H
#define ATHLETE_TREES_MODEL_MODEL_OBJECTIVE_H

#include <stdbool.h>
#include "trees/model/model.h"

typedef struct model_objective {
    const char *name;       /* XGBoost's */
    model_link link;        /* what turns a margin into the output */
    const char *parameters; /* the JSON member that XGBoost wants beside the name; NULL for none */
} model_objective;

/* NULL if the objective is not known or its models cannot be scored here. */
const model_objective *model_objective_find(const char *name);

/* The margin that gives this base score, NaN if none does: XGBoost's ProbToMargin. */
float model_objective_margin(const model_objective *objective, float base_score);

/* The base score of margin 0. */
float model_objective_zero(const model_objective *objective);

#endif
