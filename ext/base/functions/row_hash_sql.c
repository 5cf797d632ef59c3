#include "base/functions/base_callbacks_sql.h"

#include <string.h>
#include "base/binding/function.h"

static void digest_number(sha256_digest *digest, char type, uint64_t bits) {
    unsigned char bytes[9] = {(unsigned char)type};
    for (int i = 0; i < 8; i++) bytes[8 - i] = (unsigned char)(bits >> 8 * i);
    sha256_add(digest, bytes, sizeof bytes);
}

athlete_status digest_value(sha256_digest *digest, sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL) {
        sha256_add(digest, "n", 1);
    } else if (type == SQLITE_INTEGER) {
        digest_number(digest, 'i', (uint64_t)sqlite3_value_int64(value));
    } else if (type == SQLITE_FLOAT) {
        double x = sqlite3_value_double(value);
        uint64_t bits;
        memcpy(&bits, &x, sizeof bits);
        digest_number(digest, 'r', bits);
    } else {
        const void *data = type == SQLITE_BLOB ? sqlite3_value_blob(value) : sqlite3_value_text(value);
        size_t n = (size_t)sqlite3_value_bytes(value);
        if (!data && (type == SQLITE_TEXT || n > 0)) return ATHLETE_NOMEM;
        digest_number(digest, type == SQLITE_BLOB ? 'b' : 't', n);
        sha256_add(digest, data, n);
    }
    return ATHLETE_OK;
}

static athlete_status digest_row(sha256_digest *digest, int argc, sqlite3_value **argv) {
    athlete_status status = ATHLETE_OK;
    for (int i = 0; i < argc && status == ATHLETE_OK; i++) status = digest_value(digest, argv[i]);
    return status;
}

static void result_digest(sqlite3_context *context, sha256_digest *digest) {
    char hex[ATHLETE_SHA256_HEX_SIZE];
    sha256_end(digest, hex);
    sqlite3_result_text(context, hex, ATHLETE_SHA256_HEX_SIZE - 1, SQLITE_TRANSIENT);
}

void row_hash_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    sha256_digest digest;
    sha256_begin(&digest);
    athlete_status status = digest_row(&digest, argc, argv);
    if (status == ATHLETE_OK) result_digest(context, &digest);
    else function_fail_status(context, status, NULL);
}

/* --- of many rows --------------------------------------------------------------------------------------- */

/* SQLite hands it over zeroed. */
typedef struct row_hash_state {
    bool begun;
    sha256_digest digest;
} row_hash_state;

/* How many values a row has is part of the digest, or the end of one row could be the beginning of the next. */
void rows_hash_step(sqlite3_context *context, int argc, sqlite3_value **argv) {
    row_hash_state *state = sqlite3_aggregate_context(context, sizeof *state);
    if (!state) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (!state->begun) sha256_begin(&state->digest);
    state->begun = true;
    digest_number(&state->digest, 'w', (uint64_t)argc);
    athlete_status status = digest_row(&state->digest, argc, argv);
    if (status != ATHLETE_OK) function_fail_status(context, status, NULL);
}

void rows_hash_final(sqlite3_context *context) {
    row_hash_state *state = sqlite3_aggregate_context(context, 0);
    sha256_digest none;
    if (!state) sha256_begin(&none);
    result_digest(context, state && state->begun ? &state->digest : &none);
}
