/* Statements of our own on the host's connection, for as long as a cursor is open.
**
** Before they close a connection, some hosts finalize every statement that sqlite3_next_stmt finds on it, those of virtual
** tables among them; the cursor that had the statement is closed afterwards, with the host's own statement. So nobody
** may finalize a statement that was kept beyond a call without looking whether it is still there. Its address alone does
** not tell, since memory is used again: the text begins with a comment that names its owner.
**
** The owner is the place where the pointer to the statement is kept; it must not move. */
#ifndef ATHLETE_BASE_OWN_STATEMENT_H
#define ATHLETE_BASE_OWN_STATEMENT_H

#include "base/sqlite.h"

/* As sqlite3_prepare_v2, for the whole of a text; *tail, unless NULL, is a place in `sql`. */
int own_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **own, const char **tail);

/* The text that the statement was prepared from; NULL when there is none any more. */
const char *own_sql(sqlite3 *db, sqlite3_stmt **own);

/* Finalizes the statement unless that was done, and forgets it. */
void own_finalize(sqlite3 *db, sqlite3_stmt **own);

#endif
