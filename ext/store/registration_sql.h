/* What the registry, the table feature_groups, says of a group. */
#ifndef ATHLETE_STORE_REGISTRATION_SQL_H
#define ATHLETE_STORE_REGISTRATION_SQL_H

#include "base/sqlite.h"

typedef struct registration {
    char *schema; /* of the registry; NULL if it does not know the group, and then all is NULL */
    char *version, *status, *table, *keys, *timestamp, *available, *lookback;
} registration;

/* Of several versions the active one, or else the newest that is deprecated, then draft, then archived. */
int registration_read(registration *found, sqlite3 *db, const char *name, char **message);
void registration_forget(registration *found);

#endif
