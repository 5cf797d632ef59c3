/* A row that outlives the step of the statement that found it: numbers as they are, texts in one block. */
#ifndef ATHLETE_STORE_LOOKUP_KEPT_ROW_SQL_H
#define ATHLETE_STORE_LOOKUP_KEPT_ROW_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include "base/sqlite.h"

typedef struct kept_value {
    int type; /* SQLITE_NULL, … */
    int bytes;
    union {
        sqlite3_int64 integer;
        double number;
        size_t offset; /* of a text, which ends with a zero byte, or a blob */
    } as;
} kept_value;

typedef struct kept_row {
    bool present; /* a row was kept since kept_row_forget */
    bool failed;  /* memory was short for it */
    int n_values;
    kept_value *values;
    char *text;
    size_t text_used, text_capacity;
} kept_row;

/* False when memory is short. */
bool kept_row_open(kept_row *row, int n_values);
void kept_row_close(kept_row *row);

static inline void kept_row_forget(kept_row *row) {
    row->present = row->failed = false;
    row->text_used = 0;
}

/* Keeps `n` values from number `first` on. */
void kept_row_store(kept_row *row, int first, int n, sqlite3_value **values);

/* Keeps a text as value `to`. False when memory is short. */
bool kept_row_text(kept_row *row, int to, const char *text, int bytes);

/* Keeps value `from` of another row as number `to` of this one. False when memory is short. */
bool kept_row_copy(kept_row *row, int to, const kept_row *other, int from);

static inline const char *kept_text(const kept_row *row, const kept_value *value) {
    return row->text + value->as.offset;
}

/* Binds value `i` to parameter `index`; text stays where it is, until it is bound anew. */
int kept_bind(sqlite3_stmt *statement, int index, const kept_row *row, int i);
void kept_result_bytes(sqlite3_context *context, const kept_row *row, int i);

static inline void kept_result(sqlite3_context *context, const kept_row *row, int i) {
    const kept_value *value = &row->values[i];
    if (value->type == SQLITE_FLOAT) sqlite3_result_double(context, value->as.number);
    else if (value->type == SQLITE_INTEGER) sqlite3_result_int64(context, value->as.integer);
    else if (value->type != SQLITE_NULL) kept_result_bytes(context, row, i);
}

/* SQLite's order of two values in byte order: below, at or above 0. */
int kept_compare(const kept_row *a, int i, const kept_row *b, int k);
int kept_compare_value(const kept_row *row, int i, sqlite3_value *value);

#endif
