/* What the table of the domain names. */
#ifndef ATHLETE_STREAMS_STREAMS_CALLBACKS_SQL_H
#define ATHLETE_STREAMS_STREAMS_CALLBACKS_SQL_H

#include "base/binding/function.h"
#include "streams/packed.h"

/* The channels in the arguments first to first + n - 1, of which the first is the time: equally long, and it goes forward. A channel
** may be NULL where its argument may, and has no values then. ATHLETE_INVALID says which argument is wrong. Free each also after a
** failure. */
athlete_status stream_arguments(const athlete_function *function, athlete_poll *poll, sqlite3_value **values,
                                int n, athlete_budget *budget, stream *out, athlete_fault *fault);

void graded_pace_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void normalized_graded_pace_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void decoupling_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void normalized_power_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void stream_mean_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

extern const athlete_table stream_values_table, heart_rate_seconds_table;

#endif
