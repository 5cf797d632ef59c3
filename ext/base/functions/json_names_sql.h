#ifndef ATHLETE_BASE_FUNCTIONS_JSON_NAMES_SQL_H
#define ATHLETE_BASE_FUNCTIONS_JSON_NAMES_SQL_H

#include "base/sqlite.h"

void json_plain_names_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

#endif
