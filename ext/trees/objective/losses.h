/* The losses themselves, one function per kind, called through objective.h. */
#ifndef ATHLETE_TREES_OBJECTIVE_LOSSES_H
#define ATHLETE_TREES_OBJECTIVE_LOSSES_H

#include "trees/objective/objective_parameters.h"

#define OBJECTIVE_BLOCK_ROWS    512 /* at once: what is computed of them stays in the first-level cache */
#define OBJECTIVE_LEAST_HESSIAN 1e-16
#define OBJECTIVE_LEAST_SHARE   1e-16f /* of a class, before its logarithm is taken */

typedef void objective_function(const objective *o, const objective_rows *rows);

objective_function squared_error, pseudo_huber, huber; /* objective_smooth.c */
objective_function absolute_error, quantile_error;     /* objective_quantile.c */
objective_function logistic_loss;                      /* objective_logistic.c */
objective_function poisson_loss;                       /* objective_poisson.c */
objective_function softmax_loss;                       /* objective_softmax.c */

#endif
