#ifndef ATHLETE_VALIDATION_VALIDATION_SQL_H
#define ATHLETE_VALIDATION_VALIDATION_SQL_H

#include "base/binding/function.h"

extern const athlete_domain athlete_validation;

#endif
