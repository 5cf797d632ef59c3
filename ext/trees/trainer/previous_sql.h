/* The model that a training goes on from. */
#ifndef ATHLETE_TREES_TRAINER_PREVIOUS_SQL_H
#define ATHLETE_TREES_TRAINER_PREVIOUS_SQL_H

#include "trees/bins/categories.h"
#include "trees/trainer/train_columns_sql.h"

/* Reads the model of the option `previous`, which was given. ATHLETE_INVALID says what does not go with the options and the
** columns. Free the forest also after a failure. */
athlete_status previous_read(const train_options *options, const train_columns *columns,
                             athlete_budget *budget, forest *previous, athlete_fault *fault);

/* Whether a feature is of categories with names in the model; and whether some split asks for it by number or by category. */
bool previous_has_names(const forest *previous, int feature);
bool previous_splits(const forest *previous, int feature, bool by_category);

/* The rounds that it has. */
int previous_rounds(const forest *previous);

/* Gives the texts of a feature the model's codes, NaN to those it does not know. A text whose code is a number already is one of
** rows to train on, which the model must know. */
athlete_status previous_code_names(const forest *previous, int feature, const category_list *list,
                                   float *code, athlete_fault *fault);

#endif
