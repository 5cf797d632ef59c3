/* What a lookup needs to know of a feature group: its table, keys, times and index, from the registry or as named.
**
** The registry is the view feature_groups_current; a group's rows are in its table, and the versions that they replaced in
** <table>_history with superseded_at, the instant from which a version was no longer believed. A table without a
** registration is as good, when keys and times are named. */
#ifndef ATHLETE_STORE_LOOKUP_GROUP_SQL_H
#define ATHLETE_STORE_LOOKUP_GROUP_SQL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/binding/function.h"

#define GROUP_KEYS_MAX 8

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

/* One of the two tables. */
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
    int64_t lookback_us;      /* -1: no limit */
    char *version;            /* "2.0.1", or NULL if not registered */
} feature_group;

/* SQLITE_OK, or an error with a sentence without the function's name in *message. What is refused: an unknown name, a
** view, an archived group, a key or time that is no column or not compared byte by byte, and a table without the index
** that makes a lookup a search. */
int group_open(feature_group *group, sqlite3 *db, const group_names *names, char **message);
void group_close(feature_group *group);

/* The column's number, or -1. Names are compared as SQLite does. */
int group_column_named(const feature_group *group, const char *name);

#endif
