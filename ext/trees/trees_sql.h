#ifndef ATHLETE_TREES_TREES_SQL_H
#define ATHLETE_TREES_TREES_SQL_H

#include "base/binding/function.h"

extern const athlete_domain athlete_trees;

#endif
