/* The definition of a feature group: a JSON object, checked and laid out as the columns of its table.
**
**     {"feature_group": "athlete_sleep", "version": "1.0.0", "description": "Nights, from a watch",
**      "entity": "athlete", "keys": ["athlete_id"], "timestamp": "event_timestamp",
**      "features": [{"name": "sleep_h", "type": "numerical", "unit": "h", "min": 0, "max": 24}]}
**
** The columns are in the order of `features`; keys come before it and available_at after it, unless `features` lists them,
** too, to give them a type or a description. What is optional and what it defaults to is in definition_fields.c,
** one table per object, which feature_definition_fields lists; schemas/features holds examples. */
#ifndef ATHLETE_STORE_DEFINITION_DEFINITION_H
#define ATHLETE_STORE_DEFINITION_DEFINITION_H

#include <stdbool.h>
#include <stddef.h>
#include <cJSON.h>
#include "base/fault.h"
#include "base/status.h"

#define DEFINITION_COLUMNS_MAX 500
#define DEFINITION_KEYS_MAX    8
#define DEFINITION_RULES_MAX   100

/* How values of a type are stored, and what holds for one that is not NULL; $ stands for the value. */
typedef struct feature_type {
    const char *name;
    const char *storage; /* TEXT, INTEGER, REAL or BLOB */
    const char *check;
    const char *quick; /* as true as the check, in fewer steps, and not true of NULL; NULL: none is known */
} feature_type;

typedef struct definition_column {
    const char *name;
    feature_type type;
    const cJSON *feature; /* what the definition says of it; NULL for a column that it only names */
    bool not_null;
    bool is_unique;
} definition_column;

typedef struct feature_definition {
    cJSON *tree;  /* owns every text here */
    cJSON *types; /* of the caller; may be NULL */
    const char *name;
    char table[160];
    int version[3];
    const char *status;
    definition_column *columns;
    int n_columns;
    int keys[DEFINITION_KEYS_MAX], n_keys;       /* columns: the entity that a lookup asks for */
    int row_key[DEFINITION_KEYS_MAX], n_row_key; /* columns: what tells one row from another */
    int timestamp, available;                    /* columns */
    double delay_s;                              /* from the timestamp until a row can be known */
    bool is_millisecond;                         /* the times have three decimals, else whole seconds */
    double lookback_days;                        /* below 0: none */
    double reject_limit;                         /* share of a batch */
    bool is_computed;                            /* by a stage: takes no other rows */
    const cJSON *rules;                          /* of several columns; may be NULL */
    const char *source;                          /* a SELECT that the features are computed from, or NULL */
    bool row_key_is_lookup_key; /* row_key is keys and timestamp, so that no other index is needed */
} feature_definition;

/* Reads a definition; `types` (may be NULL) is a JSON object of types beyond the seven: {"grade": {"storage": "REAL",
** "check": "$ BETWEEN -1 AND 1"}}. Both texts end with a zero byte. ATHLETE_INVALID fills `fault`. Close it in any case. */
athlete_status definition_open(feature_definition *definition, const char *json, size_t length,
                               const char *types, size_t types_length, athlete_fault *fault);
void definition_close(feature_definition *definition);

/* The column's number, or -1. Names are compared without regard to ASCII case, as SQLite does. */
int definition_column_named(const feature_definition *definition, const char *name);
bool definition_is_in_row_key(const feature_definition *definition, int column);

/* A text of the feature, or NULL. */
const char *definition_text(const definition_column *column, const char *field);

/* ATHLETE_OK if the definition `after` may be registered as the successor of `before`, else a sentence that says what
** has changed and which version that needs; in definition_change.c. */
athlete_status definition_change_check(const feature_definition *before, const feature_definition *after,
                                       athlete_fault *fault);

#endif
