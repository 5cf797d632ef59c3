/* The one way SQLite's API enters the extension.
**
** A loadable build calls SQLite through the routine table that the host hands over (`sqlite3_api`, defined
** in athlete.c); a build with -DSQLITE_CORE is linked to SQLite and calls it directly. Kernels do not
** include this file. */
#ifndef ATHLETE_BASE_SQLITE_H
#define ATHLETE_BASE_SQLITE_H

#ifdef SQLITE_CORE
#include "sqlite3.h"
#else
#include "sqlite3ext.h"
SQLITE_EXTENSION_INIT3
#endif

/* The oldest SQLite that has every routine used here. */
#define ATHLETE_SQLITE_MINIMUM      3037002
#define ATHLETE_SQLITE_MINIMUM_TEXT "3.37.2"

#endif
