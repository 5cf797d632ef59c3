/* A feature group as a lookup sees it: tables, keys, times and the index of each table. */
#ifndef ATHLETE_STORE_LOOKUP_FEATURE_GROUP_SQL_H
#define ATHLETE_STORE_LOOKUP_FEATURE_GROUP_SQL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/sqlite.h"

#define GROUP_KEYS_MAX 8

typedef struct group_column {
    char *name;
    const char *affinity; /* as a declared type: "TEXT", … */
    const char *collation;
} group_column;

/* How the index gives the rows of an entity, newest first. */
typedef enum group_order {
    ORDER_BY_TIMESTAMP, /* no two rows have the same timestamp */
    ORDER_COMPLETE,     /* by timestamp, available_at and row id, backwards */
    ORDER_SORTED        /* rows of the same timestamp have yet to be sorted */
} group_order;

/* One of the two tables, which of an earlier version are one: what was believed to its end has no superseded_at. */
typedef struct group_source {
    char *table; /* NULL: there is none */
    char *index; /* that begins with the keys and the timestamp */
    group_order order;
    bool has_rowid;
    const char *rowid; /* a name of the row id that no column has; NULL if there is none */
    bool can_merge;    /* the index alone tells who, when and since when known, ascending and byte by byte */
    int key_places[GROUP_KEYS_MAX]; /* the numbers of the keys in the order of the index */
} group_source;

enum { GROUP_CURRENT, GROUP_HISTORY, GROUP_SOURCES };

typedef struct feature_group {
    sqlite3 *db;
    char *schema;
    group_source sources[GROUP_SOURCES];
    group_column *columns;
    int n_columns;
    int keys[GROUP_KEYS_MAX]; /* columns */
    int n_keys;
    int timestamp, available; /* columns; available is -1 for a table without */
    int ties
        [GROUP_KEYS_MAX]; /* columns that tell rows of one entity and timestamp apart, in the table and its history */
    int n_ties;
    int64_t lookback_us; /* -1: no limit */
    char *version;       /* "2.0.1", or NULL if not registered */
    sqlite3_int64
        publication;  /* of the rows, among those of other earlier versions; 0: the table has no others */
    bool keeps_times; /* its triggers let no time in that is written in another form */
} feature_group;

void group_close(feature_group *group);

/* The column's number, or -1. Names are compared as SQLite does. */
int group_column_named(const feature_group *group, const char *name);

#endif
