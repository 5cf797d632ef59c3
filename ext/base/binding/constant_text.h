/* An argument of an aggregate that must be the same text for all rows of a group, such as its options. */
#ifndef ATHLETE_BASE_BINDING_CONSTANT_TEXT_H
#define ATHLETE_BASE_BINDING_CONSTANT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/sqlite.h"
#include "base/status.h"

/* All zeros before the first row. */
typedef struct constant_text {
    char *text; /* NULL for SQL's NULL */
    size_t bytes;
    bool is_known;
} constant_text;

/* Keeps the text of the first row; ATHLETE_INVALID, about which the caller says what differs, for another one later. `value`
** may be NULL for an argument that is left out. */
athlete_status constant_text_take(constant_text *kept, sqlite3_value *value);
void constant_text_free(constant_text *kept);

#endif
