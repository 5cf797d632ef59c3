/* Runs the statements of a file in a database, or in one in memory, and prints what they answer, as digests that do not depend on the
** processor: one line per row, the row's first column and the SHA-256 of all others.
**
**     digest <file of SQL statements> [<database>]
**
** A number enters its digest as its 64 bits, the low byte first. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "athlete.h"
#include "base/text/sha256.h"

typedef struct bytes {
    unsigned char *data;
    size_t length, capacity;
} bytes;

static void add(bytes *out, const void *data, size_t length) {
    if (out->length + length > out->capacity) {
        out->capacity = 2 * (out->length + length);
        out->data = realloc(out->data, out->capacity);
        if (!out->data) exit(3);
    }
    if (length > 0) memcpy(out->data + out->length, data, length);
    out->length += length;
}

static void add_bits(bytes *out, uint64_t bits) {
    unsigned char low_first[8];
    for (int i = 0; i < 8; i++) low_first[i] = (unsigned char)(bits >> 8 * i);
    add(out, low_first, sizeof low_first);
}

static void add_value(bytes *out, sqlite3_value *value) {
    unsigned char type = (unsigned char)sqlite3_value_type(value);
    add(out, &type, 1);
    if (type == SQLITE_INTEGER) {
        add_bits(out, (uint64_t)sqlite3_value_int64(value));
    } else if (type == SQLITE_FLOAT) {
        double x = sqlite3_value_double(value);
        uint64_t bits;
        memcpy(&bits, &x, sizeof bits);
        add_bits(out, bits);
    } else if (type != SQLITE_NULL) {
        const void *data = sqlite3_value_blob(value);
        add(out, data, (size_t)sqlite3_value_bytes(value));
    }
}

static int run(sqlite3 *db, const char **sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, *sql, -1, &statement, sql) != SQLITE_OK) return 1;
    bytes row = {0};
    int code = SQLITE_DONE, n = sqlite3_column_count(statement);
    while (statement && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        row.length = 0;
        for (int i = 1; i < n; i++) add_value(&row, sqlite3_column_value(statement, i));
        char hex[ATHLETE_SHA256_HEX_SIZE];
        sha256_hex(row.data, row.length, hex);
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        printf("%s  %s\n", hex, name ? name : "NULL");
    }
    free(row.data);
    sqlite3_finalize(statement);
    return code != SQLITE_DONE;
}

int main(int argc, char **argv) {
    FILE *file = argc == 2 || argc == 3 ? fopen(argv[1], "rb") : NULL;
    static char text[1 << 20];
    if (!file || fread(text, 1, sizeof text - 1, file) == 0) return 2;
    fclose(file);
    sqlite3 *db;
    char *message = NULL;
    if (sqlite3_open(argc == 3 ? argv[2] : ":memory:", &db) != SQLITE_OK || sqlite3_athlete_init(db, &message, NULL) != SQLITE_OK)
        return 2;
    int failed = 0;
    for (const char *sql = text; *sql && !failed;) failed = run(db, &sql);
    if (failed) fprintf(stderr, "%s\n", sqlite3_errmsg(db));
    sqlite3_close(db);
    return failed;
}
