/* What the registry says of a group, and of types, the table feature_types.
**
** A group is named alone, for the version that lookups use (feature_groups_current), or with a version: sleep@2, sleep@2.0 (the newest
** of these), sleep@2.0.1. A version of a group that a stage computes is read as it was first published; "+2" behind it names the
** second time (feature_publications says when and why). */
#ifndef ATHLETE_STORE_DEFINITION_REGISTRATION_SQL_H
#define ATHLETE_STORE_DEFINITION_REGISTRATION_SQL_H

#include "base/fault.h"
#include "base/sqlite.h"

typedef struct registration {
    char *schema; /* of the registry; NULL if it does not know the group, and then all is NULL */
    char *version, *status, *table, *keys, *timestamp, *available, *lookback;
    char *columns;             /* JSON list of those that the version has; NULL: no version was named */
    sqlite3_int64 publication; /* whose rows are in <table>_earlier; 0: they are in the table */
} registration;

/* An unknown group is no error, an unknown version of a known one is. */
int registration_read(registration *found, sqlite3 *db, const char *name, athlete_fault *fault);
void registration_forget(registration *found);

/* The types that the registry knows, as definition_open wants them; the caller frees the text. NULL without a registry. */
int registration_types(char **types, sqlite3 *db, athlete_fault *fault);

#endif
