#ifndef ATHLETE_BASE_FUNCTIONS_SELECT_ROWS_SQL_H
#define ATHLETE_BASE_FUNCTIONS_SELECT_ROWS_SQL_H

#include "base/binding/function.h"

extern const athlete_table select_rows_table;

#endif
