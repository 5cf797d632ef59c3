/* The losses themselves, one function per kind, called through objective.h. */
#ifndef ATHLETE_TREES_OBJECTIVE_LOSSES_H
#define ATHLETE_TREES_OBJECTIVE_LOSSES_H

#include "trees/objective/objective_parameters.h"

#define OBJECTIVE_BLOCK_ROWS    512 /* at once: what is computed of them stays in the first-level cache */
#define OBJECTIVE_LEAST_HESSIAN 1e-16
#define OBJECTIVE_LEAST_SHARE   1e-16f /* of a class, before its logarithm is taken */

typedef void objective_function(const objective *o, const objective_rows *rows);

/* objective_smooth.c */
void squared_error(const objective *o, const objective_rows *rows);
void pseudo_huber(const objective *o, const objective_rows *rows);
void huber(const objective *o, const objective_rows *rows);

/* objective_quantile.c */
void absolute_error(const objective *o, const objective_rows *rows);
void quantile_error(const objective *o, const objective_rows *rows);

/* objective_logistic.c */
void logistic_loss(const objective *o, const objective_rows *rows);

/* objective_poisson.c */
void poisson_loss(const objective *o, const objective_rows *rows);

/* objective_gamma.c */
void gamma_deviance(const objective *o, const objective_rows *rows);

/* objective_tweedie.c */
void tweedie_loss(const objective *o, const objective_rows *rows);

/* objective_softmax.c */
void softmax_loss(const objective *o, const objective_rows *rows);

#endif
