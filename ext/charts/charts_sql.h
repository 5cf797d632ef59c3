#ifndef ATHLETE_CHARTS_CHARTS_SQL_H
#define ATHLETE_CHARTS_CHARTS_SQL_H

#include "base/binding/function.h"

extern const athlete_domain athlete_charts;

#endif
