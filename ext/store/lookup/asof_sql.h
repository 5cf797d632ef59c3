#ifndef ATHLETE_STORE_LOOKUP_ASOF_SQL_H
#define ATHLETE_STORE_LOOKUP_ASOF_SQL_H

#include "base/sqlite.h"

extern const sqlite3_module asof_module;

#endif
