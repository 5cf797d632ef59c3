/* The SQL of a lookup: what a query wants of a group, and the statements that find it.
**
** A statement hands the row that it finds to a function, "asof answer", which keeps it. It is either asked once for each
** request (its parameters are the request), or runs on and on: its outer loop reads the requests from a virtual table,
** "asof request", one for each step. That saves beginning and ending a statement for each of many requests, and SQLite
** keeps its cursors where they were, near the next answer when requests come in order. */
#ifndef ATHLETE_STORE_LOOKUP_LOOKUP_STATEMENT_SQL_H
#define ATHLETE_STORE_LOOKUP_LOOKUP_STATEMENT_SQL_H

#include "store/lookup/feature_group_sql.h"
#include "store/lookup/kept_row_sql.h"

typedef struct lookup_rules {
    bool strict, ignore_nulls, backfill;
} lookup_rules;

/* What a query wants of the group. */
typedef struct lookup_plan {
    const feature_group *group;
    lookup_rules rules;
    bool wants_times; /* of the answer */
    bool wants_age;
    int *slots; /* per column of the group its value in a kept row, or -1 */
    int n_values;
    int ties; /* where in a kept row those of the group's columns are that tell rows apart */
} lookup_plan;

/* The values of a kept row; those of the columns that are wanted follow. */
enum { KEPT_TIMESTAMP, KEPT_AVAILABLE, KEPT_ROWID, KEPT_SUPERSEDED, KEPT_COLUMNS };

/* Plans the columns for which wanted(opaque, column) holds. SQLITE_OK or SQLITE_NOMEM. */
int lookup_plan_open(lookup_plan *plan, const feature_group *group, const lookup_rules *rules,
                     bool (*wanted)(const void *opaque, int column), const void *opaque);
void lookup_plan_close(lookup_plan *plan);

/* Where a statement looks. */
typedef enum lookup_place {
    PLACE_CURRENT,
    PLACE_ALONE,         /* the same, for an answer whose times nobody asks for: they are not read */
    PLACE_HISTORY,       /* all of it: there is no current row */
    PLACE_HISTORY_SINCE, /* from the timestamp of the current row on */
    LOOKUP_PLACES
} lookup_place;

/* One request, as the statements read it. All pointers are good until the statements have been stepped. */
typedef struct lookup_request {
    sqlite3_value **keys;
    int n_keys;
    const kept_row *as_of; /* the moment, as each of the columns of time writes it (lookup_times_sql.h) */
    const kept_row *since; /* the current row, of PLACE_HISTORY_SINCE */
} lookup_request;

/* A statement that waits for the next query while none runs. A host may finalize every statement that it finds on its
** connection, as some do before they close it; `statement` is then NULL. It must stay where it is while it has one. */
typedef struct lookup_statement {
    sqlite3_stmt *statement;
    kept_row *row; /* that its answers are kept in, or NULL */
    int ties, n_ties;
} lookup_statement;

void lookup_statement_close(lookup_statement *own);

/* Prepares the statement that keeps in `row` the newest row at the place, or with `feature` >= 0 the newest in which
** that column has a value. With `runs_on` it reads `request` at every step; otherwise lookup_bind sets it. */
int lookup_prepare(const lookup_plan *plan, lookup_place place, int feature, bool runs_on,
                   const lookup_request *request, kept_row *row, lookup_statement *own);

/* With `same_moment` the statement keeps the as_of that was bound last. */
int lookup_bind(sqlite3_stmt *statement, const lookup_request *request, bool same_moment);

/* Prepares the statement that keeps in `row` the largest superseded_at of at most so many rows of the history as the
** parameter LOOKUP_PAST_ROWS says, and how many these were. */
#define LOOKUP_PAST_ROWS 2
int lookup_prepare_past(const lookup_plan *plan, kept_row *row, lookup_statement *own);

/* The two walks of a merge over the current rows, from the keys and the timestamp that the parameters from
** LOOKUP_WALK_START on give, in the order of the index: one asks "asof walk" of `merge` where to stop, the other asks
** "asof skip" and keeps the row there in `row`. */
typedef enum lookup_walk { WALK_AHEAD, WALK_BEHIND } lookup_walk;
enum { LOOKUP_WALK_START = 3 };
#define LOOKUP_WALK_POINTER "athlete: a merge"
int lookup_prepare_walk(const lookup_plan *plan, lookup_walk walk, void *merge, kept_row *row,
                        lookup_statement *own);

/* What the statements use: registered with the store's functions, callable by nobody else. */
void lookup_answer_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void lookup_tie_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
extern const sqlite3_module lookup_request_module;

#endif
