/* Room in a connection's limits for a statement of ours around what the caller said.
**
** A host that lowers SQLite's limits for hostile input (sqlite.org/security.html) means the caller's SQL, which has been
** prepared alone, under these limits. What stands around it is deeper by a bounded part, and binds parameters of its own. */
#ifndef ATHLETE_STORE_STATEMENT_OWN_ROOM_SQL_H
#define ATHLETE_STORE_STATEMENT_OWN_ROOM_SQL_H

#include "base/sqlite.h"

typedef struct own_room {
    int depth, variables, arguments; /* the limits that were */
} own_room;

#define OWN_DEPTH 100 /* more than what stands around a caller's expressions is deep */

/* Expressions that much deeper, and at least so many parameters and arguments of a function, until
** own_room_end, which belongs right behind the statement's preparation. */
own_room own_room_begin(sqlite3 *db, int depth, int variables, int arguments);
void own_room_end(sqlite3 *db, own_room were);

#endif
