/* A connection of the extension's own: an empty database in memory, for SQL that is data.
**
** What a file or a definition says in SQL is compiled here before it is run anywhere else. Nothing of the host's can
** be reached: no file, no table, no function that its program or another extension added, and a connection has one
** authorizer, which on the host's own connection is the host's. SQL that may read values alone is run here, too.
**
** It loads nothing, takes a name in double quotes for a name, keeps what it sorts in memory, and has no value longer than
** PRIVATE_LENGTH_MAX. What a program adds to every connection with sqlite3_auto_extension is taken away again: functions
** (where one stood in the place of SQLite's own there is then none), collations, and modules other than json_each and
** json_tree. While it runs, an interrupt of the caller's stops it. */
#ifndef ATHLETE_BASE_JUDGE_PRIVATE_DB_H
#define ATHLETE_BASE_JUDGE_PRIVATE_DB_H

#include <stdbool.h>
#include "base/fault.h"
#include "base/poll.h"
#include "base/sqlite.h"

#define PRIVATE_LENGTH_MAX (64 << 20)

typedef struct private_db {
    sqlite3 *db;
    athlete_poll poll; /* of the caller's connection */
} private_db;

/* What SQLite refuses is said. Close it in any case, and leave it where it is until then. */
athlete_status private_db_open(private_db *own, sqlite3 *caller, athlete_fault *fault);

/* Adds the functions of this extension. */
athlete_status private_db_add_functions(private_db *own, athlete_fault *fault);

/* Runs statements whose text is the extension's own, or was allowed. ATHLETE_INVALID with what SQLite says. */
athlete_status private_db_run(private_db *own, const char *sql, athlete_fault *fault);

/* What a failed call of SQLite's means, after private_db_run or a statement of the caller of this. */
athlete_status private_db_fail(private_db *own, int rc, athlete_fault *fault);

/* ICU, where SQLite is built with it, puts functions of its own in the place of these on every connection. */
bool function_is_of_icu(const char *name);

/* Every statement on it has been finalized. */
void private_db_close(private_db *own);

/* sqlite3_progress_handler, where there is one: better-sqlite3 is compiled without, and its place among the functions that an
** extension is handed is empty. Statements then run to their end. */
void private_db_progress(sqlite3 *db, int steps, int (*stop_now)(void *), void *argument);

#endif
