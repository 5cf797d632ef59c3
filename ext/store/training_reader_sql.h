/* The rows of a training set, one after the other. */
#ifndef ATHLETE_STORE_TRAINING_READER_SQL_H
#define ATHLETE_STORE_TRAINING_READER_SQL_H

#include "store/training_columns_sql.h"

/* Must not move while it is read: its statements are told by where they are kept (base/own_statement.h). */
typedef struct training_reader {
    training_set *set;
    sqlite3_stmt *labels;
    sqlite3_stmt *expressions;
    asof_lookup **lookups;
    sqlite3_int64 row; /* from 1 */
    bool is_begun;
} training_reader;

/* False when memory is short. The labels' query may be there already, for the first reading. */
bool training_reader_open(training_reader *reader, training_set *set);
void training_reader_close(training_reader *reader);

/* To before the first row, again or for the first time. SQLITE_OK, or an error, said. */
int training_reader_begin(training_reader *reader, athlete_fault *fault);

/* SQLITE_ROW, SQLITE_DONE, or an error, said. */
int training_reader_next(training_reader *reader, athlete_fault *fault);

/* Column `number` of the set as the answer of a call. */
void training_reader_result(const training_reader *reader, int number, sqlite3_context *context);

/* The row as a JSON object, without excluded columns and exact to the bit. A blob is its hexadecimal digits, an infinity
** a text. */
void training_reader_write_row(const training_reader *reader, sqlite3_str *out);

/* A JSON list with, for each lookup, the row that was used: {"group", "version", "timestamp", "available", "row_id",
** "superseded"}, or null. */
void training_reader_write_sources(const training_reader *reader, sqlite3_str *out);

#endif
