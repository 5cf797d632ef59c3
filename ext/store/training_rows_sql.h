#ifndef ATHLETE_STORE_TRAINING_ROWS_SQL_H
#define ATHLETE_STORE_TRAINING_ROWS_SQL_H

#include "base/binding/function.h"

extern const athlete_table training_rows_table;

#endif
