/* Numbers and rows as texts, and back, the same under every SQLite. */
#ifndef ATHLETE_BASE_FUNCTIONS_LITERALS_SQL_H
#define ATHLETE_BASE_FUNCTIONS_LITERALS_SQL_H

#include "base/sqlite.h"

void number_text(sqlite3_context *context, int argc, sqlite3_value **argv);
void exact_real(sqlite3_context *context, int argc, sqlite3_value **argv);
void row_literals(sqlite3_context *context, int argc, sqlite3_value **argv);
void exact_literals(sqlite3_context *context, int argc, sqlite3_value **argv);

#endif
