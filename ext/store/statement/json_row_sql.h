/* Values as JSON, in the form of the template row_json. */
#ifndef ATHLETE_STORE_STATEMENT_JSON_ROW_SQL_H
#define ATHLETE_STORE_STATEMENT_JSON_ROW_SQL_H

#include "base/sqlite.h"

void write_json_text(sqlite3_str *out, const char *text);
void write_json_hex(sqlite3_str *out, const void *blob, int n);

/* The columns of a statement's row from `first` on as one object. */
void write_json_row(sqlite3_str *out, sqlite3_stmt *row, int first);

#endif
