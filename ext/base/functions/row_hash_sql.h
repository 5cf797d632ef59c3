/* row_hash and rows_hash: digests of values by their bytes, in which no printed number has a part. */
#ifndef ATHLETE_BASE_FUNCTIONS_ROW_HASH_SQL_H
#define ATHLETE_BASE_FUNCTIONS_ROW_HASH_SQL_H

#include "base/sqlite.h"
#include "base/status.h"
#include "base/text/sha256.h"

/* What a value is in a digest: a letter for its type, then
**   i INTEGER  8 bytes, two's complement, highest first
**   r REAL     8 bytes, IEEE 754, highest first
**   t TEXT     8 bytes for the number of bytes, highest first, and the bytes in UTF-8
**   b BLOB     the same with the blob's bytes
**   n NULL     nothing
** so that different rows are different bytes. ATHLETE_NOMEM when a text cannot be had. */
athlete_status digest_value(sha256_digest *digest, sqlite3_value *value);

void row_hash(sqlite3_context *context, int argc, sqlite3_value **argv);
void rows_hash_step(sqlite3_context *context, int argc, sqlite3_value **argv);
void rows_hash_final(sqlite3_context *context);

#endif
