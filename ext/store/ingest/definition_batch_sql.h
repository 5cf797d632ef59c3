/* The rows of a batch: where they come from, and how they stand beside those of their group. */
#ifndef ATHLETE_STORE_INGEST_DEFINITION_BATCH_SQL_H
#define ATHLETE_STORE_INGEST_DEFINITION_BATCH_SQL_H

#include "base/sqlite.h"
#include "store/definition/definition.h"

typedef struct batch_source {
    const char *table; /* read as it is, by its row ids; NULL: `query` */
    char *query;       /* a SELECT */
    bool *has_column;  /* per column of the definition: whether the source has it */
} batch_source;

/* Each column of the group out of the source r, where NULL is filled in: "r"."x" AS "x", … */
void write_values(sqlite3_str *out, const feature_definition *definition, const batch_source *source);

/* The table that an ingest reads: the source's, or the temporary one that keeps what its query gave. */
void write_batch_name(sqlite3_str *out, const batch_source *source);

/* (SELECT _seq, columns[, _is_valid]) AS s */
void write_batch_rows(sqlite3_str *out, const feature_definition *definition, const batch_source *source,
                      bool with_verdict);

/* ("a", "b"), each after `prefix` */
void write_row_key(sqlite3_str *out, const feature_definition *definition, const char *prefix);
void write_same_key(sqlite3_str *out, const feature_definition *definition, const char *a, const char *b);

/* Whether another row of the group's table has the value of this row's column, which is to be unique. */
void write_unique_taken(sqlite3_str *out, const feature_definition *definition, int column,
                        const char *prefix);

/* Whether two rows differ in more than when they became known. */
void write_differs(sqlite3_str *out, const feature_definition *definition, const char *a, const char *b);

#endif
