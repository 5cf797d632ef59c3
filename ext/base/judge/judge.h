/* Whether SQL that is data may be run: a quality rule, a definition's predicates, a query that a table keeps.
**
** The text is compiled on a connection of our own (private_db.h), where whoever wrote it can reach nothing, under an
** authorizer that allows what is listed:
**   - an expression over a row reads the values of that row and calls deterministic functions of SQLite: no SELECT, no
**     aggregate, no window, no clock, no chance;
**   - a query reads tables and views, and may besides use SQLite's aggregates and windows, and those functions of this
**     extension that run no text themselves.
** SQLite's own judgement is asked as well: an expression must do for a generated column. What is allowed is listed by
** name, so that a function of which nobody thought is refused. */
#ifndef ATHLETE_BASE_JUDGE_JUDGE_H
#define ATHLETE_BASE_JUDGE_JUDGE_H

#include <stdbool.h>
#include "base/judge/private_db.h"

#define JUDGE_EXPRESSION_MAX 10000 /* bytes */

/* What SQLite calls a row is a table with these columns. */
typedef struct judge_row {
    const char *const *names;
    const char *const *types; /* as in CREATE TABLE; NULL for none */
    int n;
    bool *is_read;    /* set for columns that an expression reads; or NULL */
    bool calls_dates; /* set of the last expression: a value such as 'now' would make it ask the clock */
} judge_row;

/* "a" TEXT, "b", … */
void judge_row_columns(sqlite3_str *out, const judge_row *row);

/* Whether each expression that follows is one over this row: ATHLETE_INVALID says what it does and may not, to
** be read after a name for it: " calls load_extension, …" or ": no such column: x". */
athlete_status judge_row_open(private_db *own, const judge_row *row, athlete_fault *fault);
athlete_status judge_expression(private_db *own, judge_row *row, const char *expression,
                                athlete_fault *fault);

/* Its two halves. The first asks what the expression does. The second asks SQLite, which takes it for deterministic: it may be a
** generated column, and asks no clock when it is one; that it has no answer for a row of NULLs is no fault. Of several expressions
** at once it says only whether nothing is the matter with any of them: who is told that something is asks for each alone. */
athlete_status judge_compiled(private_db *own, judge_row *row, const char *expression, athlete_fault *fault);
athlete_status judge_generated(private_db *own, const judge_row *row, const char *const *expressions,
                               size_t n, athlete_fault *fault);

/* Whether the query, with the tables and views that `db` has, may be run there. *misses_table (or NULL) says whether it is
** refused only because a table is not there, or not yet. */
athlete_status judge_query(sqlite3 *db, const char *sql, bool *misses_table, athlete_fault *fault);

#endif
