#ifndef ATHLETE_TRAINING_TRAINING_SQL_H
#define ATHLETE_TRAINING_TRAINING_SQL_H

#include "base/binding/function.h"

extern const athlete_domain athlete_training;

#endif
