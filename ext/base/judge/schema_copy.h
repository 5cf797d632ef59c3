/* The tables and views that a query names, copied into a connection of our own: without rows, to compile it there. */
#ifndef ATHLETE_BASE_JUDGE_SCHEMA_COPY_H
#define ATHLETE_BASE_JUDGE_SCHEMA_COPY_H

#include "base/judge/private_db.h"

/* Every table and view of `from` whose name occurs in the text, and those that such views read. A table is its columns
** with their collations; one with generated columns, and a view, are compiled from their own text, which may call what
** an expression over a row may. What calls more is left out, and so are virtual tables, whose modules would run:
** *left_out (sqlite3_free it) has the names, each with a zero byte and the reason with another, "calls …", and an empty
** name at the end. */
athlete_status schema_copy(private_db *own, sqlite3 *from, const char *text, char **left_out,
                           athlete_fault *fault);

#endif
