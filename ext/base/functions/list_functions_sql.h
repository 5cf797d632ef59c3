/* The documentation as tables: every function, argument and option of the extension, out of the rows that declare them. */
#ifndef ATHLETE_BASE_FUNCTIONS_LIST_FUNCTIONS_SQL_H
#define ATHLETE_BASE_FUNCTIONS_LIST_FUNCTIONS_SQL_H

#include "base/binding/function.h"

extern const athlete_table athlete_functions_table;
extern const athlete_table athlete_arguments_table;
extern const athlete_table athlete_options_table;

#endif
