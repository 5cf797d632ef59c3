#ifndef ATHLETE_BASE_FUNCTIONS_ATTEMPT_SQL_H
#define ATHLETE_BASE_FUNCTIONS_ATTEMPT_SQL_H

#include "base/binding/function.h"

extern const athlete_table attempt_table;

#endif
