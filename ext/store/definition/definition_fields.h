/* The fields of a definition's objects: which there are, what each may hold, and the sentence when it does not. */
#ifndef ATHLETE_STORE_DEFINITION_DEFINITION_FIELDS_H
#define ATHLETE_STORE_DEFINITION_DEFINITION_FIELDS_H

#include <stdbool.h>
#include <cJSON.h>
#include "base/fault.h"
#include "base/status.h"

typedef enum field_kind {
    FIELD_TEXT,
    FIELD_NAME, /* of a table or a column */
    FIELD_NAMES,
    FIELD_TEXTS,
    FIELD_NUMBER,
    FIELD_FLAG,
    FIELD_VALUE,  /* text, number or flag */
    FIELD_VALUES, /* a list of them */
    FIELD_STATUS,
    FIELD_PRECISION,
    FIELD_VERSION,
    FIELD_EXPRESSION,
    FIELD_OBJECTS
} field_kind;

typedef struct field {
    const char *name;
    field_kind kind;
    bool is_required;
    double min, max;       /* of a number */
    const char *otherwise; /* its value where it is not given; in parentheses what is done then; or NULL */
    const char *meaning;
} field;

/* The objects of a definition, and those of the types beside it. */
typedef enum object_kind { OBJECT_GROUP, OBJECT_FEATURE, OBJECT_RULE, OBJECT_TYPE } object_kind;

typedef struct definition_object {
    const char *place;   /* "features[]" */
    const field *fields; /* the last has no name */
} definition_object;

extern const definition_object definition_objects[]; /* by their kind; the last has no fields */

/* What a field of that kind must be: "a text". */
const char *field_form(field_kind kind);

/* A letter, then letters, digits and _, at most 120. Names that begin with _ are left for what is generated. */
bool field_is_name(const char *text);

/* Whether two names are one to SQLite, which looks at ASCII letters without their case. */
char name_lower(char c);
bool name_is_same(const char *a, const char *b);

/* "1.12.0", each part at most six digits without a leading zero. */
bool version_read(const char *text, int version[3]);

/* Every field is known, fits and is there once, and none is missing. `place` ends with a dot where one belongs:
** "features[2].". */
athlete_status fields_check(object_kind kind, const cJSON *object, const char *place, athlete_fault *fault);

/* Of an object that was checked: what it says, or what its field is otherwise; NULL, -1 or false where it is nothing. */
const char *field_text(object_kind kind, const cJSON *object, const char *name);
double field_number(object_kind kind, const cJSON *object, const char *name);
bool field_flag(object_kind kind, const cJSON *object, const char *name);

#endif
