/* The statements of a feature group, out of templates (base/binding/sql_template.h): what their names mean. */
#ifndef ATHLETE_STORE_STATEMENT_STATEMENT_SQL_H
#define ATHLETE_STORE_STATEMENT_STATEMENT_SQL_H

#include "base/sqlite.h"
#include "store/statement/statement_scope_sql.h"

void statement_write(sqlite3_str *out, const char *name, const statement_scope *scope);

/* A template that asks for nothing. */
const char *statement_text(const char *name);

/* "feature time"(value, digits): 1 for an instant in the form of the group's times, with that many digits of the second's
** fraction, else NULL. For statements that run where the extension is; registered with the store's functions, callable by
** nobody else. */
void feature_time_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

/* "feature form"(value, digits): the value itself, where it is such an instant, else NULL. Of a column this is faster than to
** ask and to read it once more. */
void feature_form_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

/* "feature odd"(digits, value, …): 1 where one of them is no such instant, else 0. */
void feature_odd_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

#endif
