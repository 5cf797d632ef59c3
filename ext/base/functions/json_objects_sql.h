#ifndef ATHLETE_BASE_FUNCTIONS_JSON_OBJECTS_SQL_H
#define ATHLETE_BASE_FUNCTIONS_JSON_OBJECTS_SQL_H

#include "base/binding/function.h"

extern const athlete_table json_objects_table;

#endif
