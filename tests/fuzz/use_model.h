/* What trusts a model once it was accepted: prediction row by row, scoring in blocks, explanation. */
#ifndef ATHLETE_FUZZ_USE_MODEL_H
#define ATHLETE_FUZZ_USE_MODEL_H

#include "trees/model/model.h"

/* Puts rows of every kind of value through the model, row by row and in blocks with every kind of vector instruction;
** aborts if they do not agree. Models wider than 256 features or outputs are slow and say nothing new. */
void use_model(const forest *model, athlete_budget *budget);

/* Aborts if a row gets another margin from one model than from the other. */
void compare_models(const forest *one, const forest *other, athlete_budget *budget);

#endif
