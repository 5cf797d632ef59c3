/* The table-valued function training_load; its row of the table is in rolling_sql.c. */
#ifndef ATHLETE_ROLLING_TRAINING_LOAD_SQL_H
#define ATHLETE_ROLLING_TRAINING_LOAD_SQL_H

#include "base/binding/function.h"
#include "base/binding/options.h"

extern const athlete_table training_load_table;
extern const athlete_option training_load_options[];

#endif
