/* A value of any type as a number to compare it by. */
#ifndef ATHLETE_BASE_BINDING_VALUE_KEY_H
#define ATHLETE_BASE_BINDING_VALUE_KEY_H

#include <stdint.h>
#include "base/sqlite.h"

/* A hash of the value, never 0: equal for equal numbers, INTEGER or REAL, and for texts and blobs of the same bytes. */
uint64_t value_key(sqlite3_value *value);

#endif
