/* What the registry says of a group, the view feature_groups_current, and of types, the table feature_types. */
#ifndef ATHLETE_STORE_DEFINITION_REGISTRATION_SQL_H
#define ATHLETE_STORE_DEFINITION_REGISTRATION_SQL_H

#include "base/fault.h"
#include "base/sqlite.h"

typedef struct registration {
    char *schema; /* of the registry; NULL if it does not know the group, and then all is NULL */
    char *version, *status, *table, *keys, *timestamp, *available, *lookback;
} registration;

/* The version that lookups use, of the view feature_groups_current. */
int registration_read(registration *found, sqlite3 *db, const char *name, athlete_fault *fault);
void registration_forget(registration *found);

/* The types that the registry knows, as definition_open wants them; the caller frees the text. NULL without a registry. */
int registration_types(char **types, sqlite3 *db, athlete_fault *fault);

#endif
