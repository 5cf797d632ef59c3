/* The parts of asof: its table, what plans a query, what answers it. */
#ifndef ATHLETE_STORE_LOOKUP_ASOF_TABLE_SQL_H
#define ATHLETE_STORE_LOOKUP_ASOF_TABLE_SQL_H

#include "base/binding/function.h"
#include "store/lookup/lookup_sql.h"

/* Hidden columns, after those of the table. */
enum {
    HIDDEN_AS_OF,
    HIDDEN_TIMESTAMP,
    HIDDEN_AVAILABLE,
    HIDDEN_SUPERSEDED,
    HIDDEN_AGE,
    HIDDEN_ROWID,
    HIDDEN_FOUND_BY,
    HIDDEN_COUNT
};

/* Lookups that wait for the next query; a query takes one for each time that it names the table. */
#define IDLE_MAX 4

typedef struct asof_plan {
    lookup_plan columns;
    sqlite3_uint64 used; /* as in sqlite3_index_info.colUsed */
    asof_lookup *idle[IDLE_MAX];
    int n_idle;
} asof_plan;

typedef struct asof_cursor asof_cursor;

typedef struct asof_vtab {
    sqlite3_vtab base; /* must be first */
    const athlete_function *function;
    feature_group group;
    lookup_rules rules;
    asof_plan **plans;
    size_t n_plans, plans_capacity;
    asof_cursor *spare;
} asof_vtab;

struct asof_cursor {
    sqlite3_vtab_cursor base; /* must be first */
    asof_plan *plan;
    asof_lookup *lookup;
    kept_row as_of;         /* of the request */
    const kept_row *answer; /* NULL: there is none, or it has been read */
};

/* --- planning: asof_plan_sql.c ----------------------------------------------------------------------------- */

int asof_best_index(sqlite3_vtab *base, sqlite3_index_info *info);
void asof_forget_plans(asof_vtab *vtab);

/* --- answering: asof_cursor_sql.c -------------------------------------------------------------------------- */

int asof_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out);
int asof_close(sqlite3_vtab_cursor *base);
int asof_filter(sqlite3_vtab_cursor *base, int number, const char *unused, int argc, sqlite3_value **argv);
int asof_next(sqlite3_vtab_cursor *base);
int asof_eof(sqlite3_vtab_cursor *base);
int asof_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column);
int asof_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid);
void asof_cursor_free(asof_cursor *cursor);

#endif
