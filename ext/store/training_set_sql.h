#ifndef ATHLETE_STORE_TRAINING_SET_SQL_H
#define ATHLETE_STORE_TRAINING_SET_SQL_H

#include "base/sqlite.h"

extern const sqlite3_module training_set_module;

#endif
