/* Labels: numbers, or the names of classes. */
#ifndef ATHLETE_TREES_TRAINER_TRAIN_LABELS_SQL_H
#define ATHLETE_TREES_TRAINER_TRAIN_LABELS_SQL_H

#include "trees/trainer/trainer_state_sql.h"

/* The label of the row that is being read; that of a name is its number among the names in order of coming. */
athlete_status train_label_read(trainer *t, sqlite3_value *value, float *label);

/* Makes names classes, in the order of their bytes or of the model before, and knows how many there are. `classes` points
** into the trainer; its list is the caller's to free, under t->budget, also after a failure. */
athlete_status train_labels_code(trainer *t, category_names *classes);

#endif
