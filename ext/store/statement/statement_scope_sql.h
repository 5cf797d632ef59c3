/* What the statements of a feature group are about. */
#ifndef ATHLETE_STORE_STATEMENT_STATEMENT_SCOPE_SQL_H
#define ATHLETE_STORE_STATEMENT_STATEMENT_SCOPE_SQL_H

#include "store/definition/definition.h"

/* Where the rows of a batch come from. */
typedef struct batch_source {
    const char *table; /* read as it is, by its row ids; NULL: `query` */
    char *query;       /* a SELECT */
    bool *has_column;  /* per column of the definition: whether the source has it */
    bool has_offsets;  /* of athletes, in the database */
} batch_source;

/* What a row can break. Those up to RULE_PREDICATE ask the row alone. */
typedef enum rule_kind {
    RULE_NOT_NULL,
    RULE_TYPE,
    RULE_MIN,
    RULE_MAX,
    RULE_ALLOWED,
    RULE_PATTERN,
    RULE_PREDICATE, /* of several columns */
    RULE_UNIQUE,
    RULE_TWICE /* one row for each key of a batch */
} rule_kind;

/* What a template's names are about. What a statement does not ask for stays zero. */
typedef struct statement_scope {
    const feature_definition *definition;
    const feature_definition *before; /* the version whose tables are there */
    bool replaces;                    /* views and triggers that are there */
    const batch_source *source;
    const char *known_at; /* NULL: now */
    const char *arrivals; /* NULL: as the file says */
    double reject_limit;
    bool has_table; /* of the group */

    /* set by lists */
    const char *row; /* where a row's values are: "new.", "s.", … */
    bool in_haste;   /* rows tell by themselves whether their times are in form */
    bool fills_in;   /* NULL stands for the default, and for available_at for the timestamp and the delay */
    int column;      /* -1: of none */
    rule_kind rule;
    const cJSON *predicate; /* the rule's object */
    int number;             /* of the rule */
    const cJSON *member;    /* of a list of what is allowed */
    int trial;              /* number of a trial's row */
} statement_scope;

#endif
