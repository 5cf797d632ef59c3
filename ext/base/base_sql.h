#ifndef ATHLETE_BASE_BASE_SQL_H
#define ATHLETE_BASE_BASE_SQL_H

#include "base/function.h"

extern const athlete_domain athlete_base;

#endif
