#ifndef ATHLETE_BASE_BROKEN_RULES_H
#define ATHLETE_BASE_BROKEN_RULES_H

#include "base/function.h"

extern const athlete_table broken_rules_table;

#endif
