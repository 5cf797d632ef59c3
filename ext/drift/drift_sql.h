#ifndef ATHLETE_DRIFT_DRIFT_SQL_H
#define ATHLETE_DRIFT_DRIFT_SQL_H

#include "base/binding/function.h"

extern const athlete_domain athlete_drift;

#endif
