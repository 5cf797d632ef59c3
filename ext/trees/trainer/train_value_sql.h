/* What reading features and reading labels share: one value of a row. */
#ifndef ATHLETE_TREES_TRAINER_TRAIN_VALUE_SQL_H
#define ATHLETE_TREES_TRAINER_TRAIN_VALUE_SQL_H

#include "trees/trainer/trainer_state_sql.h"

/* "row 3: feature 2 (pace) must be a finite number, got text 'abc'". Rows count from 1 in the order they came, features
** likewise; `feature` -1 for what is none. */
athlete_status train_row_refuse(trainer *t, const char *what, int feature, const char *expected,
                                sqlite3_value *value);

/* A number, or text that wholly is one. */
bool train_is_number(sqlite3_value *value);

/* UTF-8 text without zero bytes. */
bool train_is_name(sqlite3_value *value);

#endif
