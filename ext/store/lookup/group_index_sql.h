/* The index that makes a lookup a search. */
#ifndef ATHLETE_STORE_LOOKUP_GROUP_INDEX_SQL_H
#define ATHLETE_STORE_LOOKUP_GROUP_INDEX_SQL_H

#include "base/fault.h"
#include "store/lookup/feature_group_sql.h"

/* Finds the index of one of the group's tables that begins with the keys, in any order, and the timestamp: best the table
** itself (the primary key of a table without row ids), then one that goes on with available_at. If there is none the
** sentence has the statement that makes one. */
int group_index_find(const feature_group *group, group_source *source, athlete_fault *fault);

#endif
