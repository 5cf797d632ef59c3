/* athlete: training-load features and race-time models for endurance athletes, inside SQLite.
**
** Public header for programs that embed the extension instead of loading it:
**
**     sqlite3_open("athlete.db", &db);
**     sqlite3_athlete_init(db, &message, NULL);      with athlete compiled -DSQLITE_CORE
**
** registers every function on that connection. `SELECT name, signature, summary FROM athlete_functions` lists them. */
#ifndef ATHLETE_H
#define ATHLETE_H

#include "base/version.h"
#include "sqlite3.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the library itself exports it; programs need not define it. */
#ifndef ATHLETE_EXPORT
#define ATHLETE_EXPORT
#endif

/* SQLITE_OK, or an error code with *message set (sqlite3_free it). Calling it again on a connection is harmless. */
ATHLETE_EXPORT int sqlite3_athlete_init(sqlite3 *db, char **message, const struct sqlite3_api_routines *api);

#ifdef __cplusplus
}
#endif

#endif
