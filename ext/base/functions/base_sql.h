#ifndef ATHLETE_BASE_FUNCTIONS_BASE_SQL_H
#define ATHLETE_BASE_FUNCTIONS_BASE_SQL_H

#include "base/binding/function.h"

extern const athlete_domain athlete_base;

#endif
