/* json_fields(object, fields): the members of an object by their declared types, and what is wrong with them. */
#ifndef ATHLETE_BASE_FUNCTIONS_JSON_FIELDS_SQL_H
#define ATHLETE_BASE_FUNCTIONS_JSON_FIELDS_SQL_H

#include "base/sqlite.h"

void json_fields_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

/* The declarations read last on a connection: a query asks with the same ones row after row. */
void *json_fields_state_open(void);
void json_fields_state_close(void *state);

#endif
