#ifndef ATHLETE_BASE_JUDGE_BROKEN_RULES_H
#define ATHLETE_BASE_JUDGE_BROKEN_RULES_H

#include "base/binding/function.h"

extern const athlete_table broken_rules_table;

#endif
