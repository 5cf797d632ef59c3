/* The merge: answers to requests that come in the order of the index, by walking it alongside them.
**
** Two statements walk the same rows. The first is ahead: it reads keys and times alone, which the index has, and stops at
** the first row that comes after the request; what it passed by is the answer. The second follows to the answer, counting
** rows without reading them, and reads the features there. A row that the request could not know yet waits until a later
** one can.
**
** A step costs a tenth of a search, so that the merge pays where requests are a large share of the group. Where rows
** between requests turn out to be many, or requests to come in another order, it gives up, and tries again after a number
** of requests that doubles from one failure to the next. It gives up, too, where it cannot prove its answer: times of
** different types, too many rows that wait, a table that changed between the two statements. The caller then searches,
** which is always right. */
#ifndef ATHLETE_STORE_LOOKUP_LOOKUP_MERGE_SQL_H
#define ATHLETE_STORE_LOOKUP_LOOKUP_MERGE_SQL_H

#include "store/lookup/lookup_statement_sql.h"

typedef struct lookup_merge lookup_merge;

/* Whether current rows of the plan may be found by merging: keys and times ascending and byte by byte in an index that has
** them all, and one row for all features. */
bool merge_is_possible(const lookup_plan *plan);

lookup_merge *merge_open(const lookup_plan *plan); /* NULL when memory is short */
void merge_close(lookup_merge *merge);

/* To be called when a query ends. */
void merge_reset(lookup_merge *merge);

/* What merge_look can say. */
typedef enum merge_answer { MERGE_CANNOT, MERGE_NONE, MERGE_FOUND } merge_answer;

/* Looks for the newest current row; *found is good until the next call. SQLITE_OK or what a statement failed with. */
int merge_look(lookup_merge *merge, const lookup_request *request, merge_answer *answer, kept_row **found);

/* After MERGE_CANNOT: what the search has found, NULL for no row, from which the next walk may begin. SQLITE_OK or
** SQLITE_NOMEM. */
int merge_searched(lookup_merge *merge, const lookup_request *request, const kept_row *found);

/* What the statements use: registered with the store's functions, callable by nobody else. */
void merge_walk_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void merge_skip_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

#endif
