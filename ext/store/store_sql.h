#ifndef ATHLETE_STORE_STORE_SQL_H
#define ATHLETE_STORE_STORE_SQL_H

#include "base/binding/function.h"

extern const athlete_domain athlete_store;

#endif
