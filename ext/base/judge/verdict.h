/* What a text does that is compiled on a connection of our own, and the sentence for what it may not: a part of judge.h. */
#ifndef ATHLETE_BASE_JUDGE_VERDICT_H
#define ATHLETE_BASE_JUDGE_VERDICT_H

#include "base/judge/judge.h"

typedef struct verdict {
    const judge_row *row; /* NULL for a query */
    int n_selects;
    athlete_fault refusal; /* the first thing that is not allowed; empty if all is */
    sqlite3 *caller;       /* of a query */
    bool misses_table;
    sqlite3_str *called;  /* names of functions, each with a zero byte */
    const char *left_out; /* of schema_copy.h; or NULL */
} verdict;

/* The authorizer; its first argument is the verdict. */
int verdict_authorize(void *verdict, int action, const char *a, const char *b, const char *c, const char *d);

/* The phrase for a text that could not be compiled: what the authorizer saw, or what SQLite says, which is in `fault`. */
athlete_status verdict_phrase(verdict *v, athlete_fault *fault);

/* Refuses a statement that asks for the time now; says whether it calls functions of dates at all. */
athlete_status verdict_on_clock(private_db *own, const char *sql, bool *calls_dates, athlete_fault *fault);
athlete_status refuse_clock(athlete_fault *fault);

/* To be called before it: functions of dates without a time become functions of their own, which the program of a statement
** then shows, since it has the number of arguments for which a function was registered. */
athlete_status verdict_tell_clocks(private_db *own, athlete_fault *fault);

void verdict_close(verdict *v);

bool text_begins(const char *text, const char *with); /* in any case of letters */

#endif
