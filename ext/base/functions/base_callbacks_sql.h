/* What the table in base_sql.c refers to. */
#ifndef ATHLETE_BASE_FUNCTIONS_BASE_CALLBACKS_SQL_H
#define ATHLETE_BASE_FUNCTIONS_BASE_CALLBACKS_SQL_H

#include "base/binding/function.h"
#include "base/sqlite.h"
#include "base/status.h"
#include "base/text/sha256.h"

/* attempt_sql.c */
extern const athlete_table attempt_table;

/* exact_sum_sql.c */
void exact_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void exact_inverse(sqlite3_context *context, int argc, sqlite3_value **argv);
void exact_total_value(sqlite3_context *context);
void exact_mean_value(sqlite3_context *context);

/* json_fields_sql.c */
void json_fields_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

/* The declarations read last on a connection: a query asks with the same ones row after row. */
void *json_fields_state_open(void);
void json_fields_state_close(void *state);

/* json_names_sql.c */
void json_plain_names_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

/* json_objects_sql.c */
extern const athlete_table json_objects_table;

/* list_functions_sql.c */
extern const athlete_table athlete_functions_table;
extern const athlete_table athlete_arguments_table;
extern const athlete_table athlete_options_table;

/* literals_sql.c */
void number_text_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void exact_real_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void row_literals_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void exact_literals_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

/* row_hash_sql.c */
/* What a value is in a digest: a letter for its type, then
**   i INTEGER  8 bytes, two's complement, highest first
**   r REAL     8 bytes, IEEE 754, highest first
**   t TEXT     8 bytes for the number of bytes, highest first, and the bytes in UTF-8
**   b BLOB     the same with the blob's bytes
**   n NULL     nothing
** so that different rows are different bytes. ATHLETE_NOMEM when a text cannot be had. */
athlete_status digest_value(sha256_digest *digest, sqlite3_value *value);

void row_hash_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);
void rows_hash_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void rows_hash_final(sqlite3_context *context);

/* select_rows_sql.c */
extern const athlete_table select_rows_table, stored_query_table;
void stored_query_fault_scalar(sqlite3_context *context, int argc, sqlite3_value **argv);

#endif
