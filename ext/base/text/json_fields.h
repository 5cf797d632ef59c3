/* Reads the named members of one JSON object by their declared types: what a stage takes from a stranger's object.
**
** Each field comes out as a value of its type, as absent (not there, or null), or with the fault that says what its
** value is instead. Nothing is converted by guessing: a text that only begins with a number is a fault, a boolean is no
** number, and a number that no measurement reaches (infinite as a double, or closer to 0 than a billionth) is none. */
#ifndef ATHLETE_BASE_TEXT_JSON_FIELDS_H
#define ATHLETE_BASE_TEXT_JSON_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/numbers/date.h"
#include "base/numbers/instant.h"
#include "base/status.h"

typedef enum json_field_type {
    JSON_FIELD_NUMBER,  /* or a text that is a number from end to end */
    JSON_FIELD_WHOLE,   /* the same without a fraction, up to 2^53: 1800, 1800.0, "1800" */
    JSON_FIELD_BOOLEAN, /* true, false, 1, 0 */
    JSON_FIELD_ID,      /* a number or a text of 1 to 40 digits, the first not 0 */
    JSON_FIELD_TEXT,    /* any text */
    JSON_FIELD_LABEL,   /* a text of letters, digits, blanks, '-' and '_' that begins with a letter */
    JSON_FIELD_INSTANT, /* an ISO instant 'YYYY-MM-DDTHH:MM[:SS[.f]][Z|+HH:MM]' */
    JSON_FIELD_DATE,    /* an ISO date, alone or at the beginning of an instant */
    JSON_FIELD_LIST,
    JSON_FIELD_OBJECT,
    N_JSON_FIELD_TYPES
} json_field_type;

typedef struct json_field {
    const char *name; /* "distance", or "athlete.id" for a member of a member */
    size_t name_length;
    json_field_type type;
    double min, max;      /* of a number, or of the characters in a text; infinite: no limit */
    bool blank_is_absent; /* an empty text is no answer */
} json_field;

typedef enum json_fault_kind {
    JSON_FIELD_OK,
    JSON_FIELD_WRONG_TYPE,
    JSON_FIELD_TOO_LARGE,
    JSON_FIELD_TOO_SMALL,
    JSON_FIELD_OUT_OF_RANGE,
    JSON_FIELD_REPEATED, /* the object has it more than once; `text` is the last */
    JSON_FIELD_NO_MEMORY /* answered as ATHLETE_NOMEM */
} json_fault_kind;

typedef struct json_found {
    bool is_there;    /* be it as null */
    bool has_holder;  /* of "athlete.id": there was a member "athlete", whatever it is */
    const char *text; /* the value as it stands in the object; NULL: absent */
    size_t length;
    json_fault_kind fault;
    const char *
        value; /* without a fault: the JSON text of the value, or NULL for a list, an object and where `time` is */
    size_t value_length;
    char time[INSTANT_SIZE]; /* the date, or the instant in UTC; else empty */
} json_found;

/* Fills found[i] for fields[i]. `text` ends with a zero byte after `length` bytes. ATHLETE_INVALID: it is no JSON
** object. */
athlete_status json_fields_read(const char *text, size_t length, const json_field *fields, size_t n,
                                json_found *found);

/* "number", as a declaration names it; and "a number", as a sentence does. */
const char *json_field_type_name(json_field_type type);
const char *json_field_type_phrase(json_field_type type);

#endif
