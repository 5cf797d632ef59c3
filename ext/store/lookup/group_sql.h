/* What a lookup needs to know of a feature group: its table, keys, times and index, from the registry or as named.
**
** The registry is the view feature_groups_current; a group's rows are in its table, and the versions that they replaced in
** <table>_history with superseded_at, the instant from which a version was no longer believed. A table without a
** registration is as good, when keys and times are named. */
#ifndef ATHLETE_STORE_LOOKUP_GROUP_SQL_H
#define ATHLETE_STORE_LOOKUP_GROUP_SQL_H

#include <stdbool.h>
#include "base/fault.h"
#include "store/lookup/feature_group_sql.h"

/* How the caller names what the registry may not know; NULL is not named. */
typedef struct group_names {
    const char *group;     /* registered, or the name of a table */
    const char *entity;    /* "athlete_id, lap" */
    const char *timestamp; /* default event_timestamp */
    const char *available; /* default available_at */
    const char *lookback;  /* "90 days" */
    const char *history;   /* a table; "0" for none; default <table>_history if there is one */
    bool needs_available;  /* false: the lookup asks for what became known later, too */
} group_names;

/* SQLITE_OK, or an error, said without the function's name. What is refused: an unknown name, a
** view, an archived group, a key or time that is no column or not compared byte by byte, and a table without the index
** that makes a lookup a search. */
int group_open(feature_group *group, sqlite3 *db, const group_names *names, athlete_fault *fault);

#endif
