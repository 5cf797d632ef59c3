/* Whether the history can hold an answer: not for a moment at or after the last superseded_at that it has. Most requests are of
** now, and most versions were replaced before now.
**
** No index tells that moment, so that the history is read for it, but no more of it than pays: after the fourth request of a
** content of the file, the sixteenth and so on, as many rows as there were requests. What was found stands until the file
** changes. Inside a transaction that writes it is neither looked for nor believed: a statement may be changing the history, and
** what it wrote may be rolled back. */
#ifndef ATHLETE_STORE_LOOKUP_LOOKUP_PAST_SQL_H
#define ATHLETE_STORE_LOOKUP_LOOKUP_PAST_SQL_H

#include <stdint.h>
#include "store/lookup/lookup_statement_sql.h"

typedef struct lookup_past {
    const lookup_plan *plan;
    lookup_statement statement;
    unsigned version; /* of the content that the rest is about */
    int64_t n_asked, ask_at;
    bool is_known;
    kept_row end; /* the last superseded_at, and a number of rows */
} lookup_past;

bool lookup_past_open(lookup_past *past, const lookup_plan *plan); /* false when memory is short */
void lookup_past_close(lookup_past *past);

/* Whether a request's moment is after all of the history, by what was last found. */
bool lookup_past_was_over(const lookup_past *past, const lookup_request *request);

/* Whether it is; to be asked while a statement reads the file. `repeats`: not for the first time in a query. SQLITE_OK or what
** a statement failed with. */
int lookup_past_is_over(lookup_past *past, const lookup_request *request, bool repeats, bool *is_over);

#endif
