/* The as-of lookup: of one entity at one moment, the row that was the newest known then.
**
** 1. Of the rows whose keys are those asked for, only those with timestamp <= as_of (strict: <) and
**    available_at <= as_of count, and of versions that were replaced only those with as_of < superseded_at.
** 2. The winner is the one with the largest (timestamp, available_at, row id); a current row before one of the history
**    that is equal in both times.
** 3. Older than the lookback at as_of, inclusive, the winner is no answer, and there is none.
** 4. ignore_nulls: the winner stands, and each feature that is NULL in it is that of the newest row in which it is not,
**    within the lookback.
** 5. backfill: available_at is not looked at, nor is the history.
** 6. Without as_of it is now, by SQLite's clock: one moment for all requests of a query.
** 7. A NULL key, a NULL as_of, a row whose timestamp or available_at is NULL: no match.
** 8. as_of may have any form of a day or an instant: a day is its beginning. A row whose time is a day describes all of it
**    and counts from its end. Of each column of time all rows have one form (lookup_times_sql.h), or the group is refused;
**    likewise a text against a number.
**
** Each seek walks the index back from as_of past the rows that were not yet available then, and in the history past the
** versions of rows newer than the answer: its cost is logarithmic in the group and linear in these alone. Requests that
** come in the order of the index are merged with it instead where they are dense (lookup_merge_sql.h). */
#ifndef ATHLETE_STORE_LOOKUP_LOOKUP_SQL_H
#define ATHLETE_STORE_LOOKUP_LOOKUP_SQL_H

#include "base/fault.h"
#include "store/lookup/lookup_statement_sql.h"

/* The statements of one lookup at a time, prepared when first needed and kept for the next query. */
typedef struct asof_lookup asof_lookup;

asof_lookup *lookup_open(const lookup_plan *plan); /* NULL when memory is short */
void lookup_close(asof_lookup *lookup);

/* Finds the answer for the group's keys in their order and as_of (NULL pointer: now). SQLITE_ROW;
** SQLITE_DONE if there is none; or an error said without the function's name. */
int lookup_seek(asof_lookup *lookup, sqlite3_value **keys, sqlite3_value *as_of, athlete_fault *fault);

/* To be called when a query ends: until then its statements keep a read transaction open. */
void lookup_reset(asof_lookup *lookup);

/* The answer. `slot` is KEPT_TIMESTAMP, … or of the plan's slots. */
const kept_row *lookup_answer_row(const asof_lookup *lookup);

/* Whether the current row was found by merging (lookup_merge_sql.h) and not by a search. */
bool lookup_is_merged(const asof_lookup *lookup);

/* The answer's age in microseconds when it was asked for; false if it has none: where the times are
** neither days, instants nor numbers. A number counts seconds. */
bool lookup_age_us(const asof_lookup *lookup, int64_t *age_us);

#endif
