/* Times in every form that people write, in the one form that text order needs. */
#ifndef ATHLETE_BASE_FUNCTIONS_INSTANTS_SQL_H
#define ATHLETE_BASE_FUNCTIONS_INSTANTS_SQL_H

#include "base/sqlite.h"

/* What a sentence says that it expected where a time was to stand. */
#define INSTANT_EXPECTED                                                                                     \
    "a day (2025-10-20) or an instant (2025-10-20T06:00:00Z, 2025-10-20 08:00:00.5+02:00) of the years 1 "   \
    "to 9999"

void row_instant_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void as_of_instant_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

/* "feature instant"(value, precision, utc_offset_s): as row_instant, but the value itself where it is no time. */
void feature_instant_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

#endif
