/* A row of what training_load and training_forecast read: whose it is, and the activity with each number within its limits. */
#ifndef ATHLETE_ROLLING_LOAD_ROW_SQL_H
#define ATHLETE_ROLLING_LOAD_ROW_SQL_H

#include "base/binding/function.h"
#include "base/binding/query.h"
#include "rolling/load_history.h"

enum {
    IN_ATHLETE,
    IN_DAY,
    IN_TSS,
    IN_DISTANCE,
    IN_MOVING,
    IN_PACE,
    IN_ELEVATION,
    IN_COUNT,
    IN_PLAN = IN_COUNT
};
#define INPUT_FORM "athlete_id, day, tss, distance_km, moving_min, pace_min_km, elevation_gain_m"

typedef struct load_key {
    sqlite3_value *value;
    bool is_integer;
    sqlite3_int64 integer;
} load_key;

/* The value stays until the next is taken; whoever has the key frees the last. */
athlete_status key_take(load_key *key, sqlite3_value *value);

/* Whether a row belongs to the athlete or plan at hand, by SQL's equality of values in byte order; NULL is NULL. */
bool key_is(const load_key *key, sqlite3_value *value);

/* "training_load: athlete 7, day 2024-01-31: <sentence>", about the row the query is at; the sentence is in call->fault. */
int load_row_fail(athlete_call *call, sqlite3_stmt *query);

/* The same, about a value of it; `expected` begins the sentence, and is ended. */
int load_row_fail_at(athlete_call *call, sqlite3_stmt *query, sqlite3_str *expected, int column);

int load_row_activity(athlete_call *call, sqlite3_stmt *query, load_activity *activity);

#endif
