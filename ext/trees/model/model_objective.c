#include "trees/model/model_objective.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include "base/numbers/float_math.h"

#define REG_LOSS "\"reg_loss_param\":{\"scale_pos_weight\":\"1\"}"
#define LAMBDA   "\"lambdarank_param\":{}"

/* multi:softmax has the same margins as multi:softprob; its answer here is the probabilities, not the class. */
static const model_objective known[] = {
    {"reg:squarederror", MODEL_IDENTITY, REG_LOSS},
    {"reg:linear", MODEL_IDENTITY, REG_LOSS},
    {"reg:absoluteerror", MODEL_IDENTITY, NULL},
    {"reg:squaredlogerror", MODEL_IDENTITY, REG_LOSS},
    {"reg:pseudohubererror", MODEL_IDENTITY, "\"pseudo_huber_param\":{\"huber_slope\":\"1\"}"},
    {"reg:quantileerror", MODEL_IDENTITY, "\"quantile_loss_param\":{\"quantile_alpha\":\"[0.5]\"}"},
    {"rank:ndcg", MODEL_IDENTITY, LAMBDA},
    {"rank:map", MODEL_IDENTITY, LAMBDA},
    {"rank:pairwise", MODEL_IDENTITY, LAMBDA},
    {"binary:logitraw", MODEL_IDENTITY, REG_LOSS},
    {"binary:logistic", MODEL_LOGISTIC, REG_LOSS},
    {"reg:logistic", MODEL_LOGISTIC, REG_LOSS},
    {"count:poisson", MODEL_EXPONENTIAL, "\"poisson_regression_param\":{\"max_delta_step\":\"0.7\"}"},
    {"reg:gamma", MODEL_EXPONENTIAL, REG_LOSS},
    {"reg:tweedie", MODEL_EXPONENTIAL, NULL},
    {"multi:softprob", MODEL_SOFTMAX, NULL},
    {"multi:softmax", MODEL_SOFTMAX, NULL},
};
#define N_KNOWN (sizeof known / sizeof *known)

const model_objective *model_objective_find(const char *name) {
    size_t i = 0;
    while (i < N_KNOWN && strcmp(known[i].name, name) != 0) i++;
    return i < N_KNOWN ? &known[i] : NULL;
}

float model_objective_margin(const model_objective *objective, float base_score) {
    switch (objective->link) {
    case MODEL_LOGISTIC: return base_score >= 0 && base_score <= 1 ? float_logit(base_score) : NAN;
    case MODEL_EXPONENTIAL: return base_score >= FLT_MIN ? float_log(base_score) : NAN;
    default: return base_score;
    }
}

float model_objective_zero(const model_objective *objective) {
    return objective->link == MODEL_LOGISTIC ? 0.5f : objective->link == MODEL_EXPONENTIAL ? 1 : 0;
}
