#ifndef ATHLETE_BASE_LIST_OPTIONS_H
#define ATHLETE_BASE_LIST_OPTIONS_H

#include "base/function.h"

extern const athlete_table athlete_options_table;

#endif
