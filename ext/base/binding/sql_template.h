/* SQL out of a template: a text that reads as SQL, with names in braces.
**
**     {name}          a value. Inside '…' or "…" it is a text, whose quotes are doubled; inside a comment it is a text, kept on
**                     its line; elsewhere it is SQL that the program makes. Text never stands outside of quotes, nor SQL
**                     inside, so that nothing from a definition can leave its place.
**     {list: body}    the body for each member of a list, with ", " between; one blank after the colon is not part of it
**     {list| body}    the body for each member, one after the other; a list of one member or none is a condition
**     {>template}     another template over the same scope
**     {{ and }}       braces, in pairs
**
** A vocabulary says what the names are. Each value and list is a function of the scope, a plain struct of the caller's: the
** members of a list are copies of it in which the list has set what its body asks for. A name that nobody knows, or that
** stands where it may not, is a fault of the program: an assertion, and otherwise a text that SQLite does not accept. */
#ifndef ATHLETE_BASE_BINDING_SQL_TEMPLATE_H
#define ATHLETE_BASE_BINDING_SQL_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include "base/sqlite.h"

#define SQL_SCOPE_MAX 256 /* bytes of a scope */

typedef struct sql_template {
    const char *name;
    const char *text;
} sql_template;

typedef struct sql_text {
    const char *name;
    const char *(*text)(const void *scope);
} sql_text;

typedef struct sql_piece {
    const char *name;
    void (*write)(sqlite3_str *out, const void *scope);
    bool is_number; /* digits, sign, point and e alone, so that it may stand in quotes, too */
} sql_piece;

typedef struct sql_list {
    const char *name;
    bool (*next)(void *scope,
                 int nth); /* makes the scope, for nth = 0 a copy of the outer one, that of the nth member */
} sql_list;

/* Each list ends without a name. */
typedef struct sql_vocabulary {
    const struct sql_vocabulary *more; /* of the same scope; may be NULL, as what follows may */
    const sql_template *templates;
    const sql_text *texts;
    const sql_piece *pieces;
    const sql_list *lists;
    size_t scope_size; /* told by the first */
} sql_vocabulary;

void sql_template_write(sqlite3_str *out, const sql_vocabulary *vocabulary, const char *name,
                        const void *scope);

#endif
