/* The .sql files of the store's folders `templates`, made into C by ext/templates.py. */
#ifndef ATHLETE_STORE_STATEMENT_STORE_TEMPLATES_SQL_H
#define ATHLETE_STORE_STATEMENT_STORE_TEMPLATES_SQL_H

#include "base/binding/sql_template.h"

extern const sql_template store_templates[]; /* the last has no name */

#endif
