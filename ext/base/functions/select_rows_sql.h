#ifndef ATHLETE_BASE_FUNCTIONS_SELECT_ROWS_SQL_H
#define ATHLETE_BASE_FUNCTIONS_SELECT_ROWS_SQL_H

#include "base/binding/function.h"

extern const athlete_table select_rows_table, stored_query_table;
void stored_query_fault(sqlite3_context *context, int argc, sqlite3_value **argv);

#endif
