#ifndef ATHLETE_ROLLING_ROLLING_SQL_H
#define ATHLETE_ROLLING_ROLLING_SQL_H

#include "base/binding/function.h"

extern const athlete_domain athlete_rolling;

#endif
