/* Holds what SQLite knows of every attached file still, while a virtual table is created or connected.
**
** CREATE VIRTUAL TABLE temp.t looks at the temporary schema alone. When another process has changed a file's tables since
** this connection last looked, the first statement that xCreate runs finds that out, and SQLite forgets all schemas, the
** half-made table among them; it then crashes when that table is used or closed. During xConnect SQLite keeps its schemas,
** and the statement fails. So both ask first, before reading their arguments, which are forgotten with the table. */
#ifndef ATHLETE_BASE_BINDING_SCHEMA_HOLD_H
#define ATHLETE_BASE_BINDING_SCHEMA_HOLD_H

#include "base/sqlite.h"

/* SQLite attaches at most 10 unless compiled otherwise; of more, those beyond are not held. */
#define SCHEMA_HOLD_FILES 16

/* One read under way on each file: as long as it is, nobody changes the tables there. */
typedef struct schema_hold {
    sqlite3_stmt *reads[SCHEMA_HOLD_FILES];
    int n;
} schema_hold;

/* SQLITE_SCHEMA: a file had been changed. Who is told so returns it at once, and SQLite begins the whole statement again. */
int schema_hold_begin(sqlite3 *db, schema_hold *hold);
void schema_hold_end(schema_hold *hold);

#endif
