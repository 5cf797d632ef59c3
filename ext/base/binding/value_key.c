#include "base/binding/value_key.h"

#include <stdbool.h>
#include <string.h>
#include "base/numbers/decimal.h"
#include "base/numbers/random.h"
#include "base/text/text_hash.h"

static bool is_whole_number(sqlite3_value *value, int type) {
    return type == SQLITE_INTEGER ||
           (type == SQLITE_FLOAT && is_whole(sqlite3_value_double(value), -0x1p63, 0x1.fffffffffffffp62));
}

/* The same whatever the order of bytes in a number; what is alike in different types is told apart by the type. */
static uint64_t value_hash(sqlite3_value *value, int type) {
    if (type == SQLITE_NULL) return 0;
    if (type == SQLITE_INTEGER) return random_mix((uint64_t)sqlite3_value_int64(value));
    if (type == SQLITE_FLOAT) {
        double x = sqlite3_value_double(value);
        uint64_t bits;
        memcpy(&bits, &x, sizeof bits);
        return random_mix(bits);
    }
    const void *bytes = sqlite3_value_blob(value);
    return text_hash(bytes, bytes ? (size_t)sqlite3_value_bytes(value) : 0);
}

uint64_t value_key(sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    if (is_whole_number(value, type)) type = SQLITE_INTEGER;
    uint64_t key = random_mix(value_hash(value, type) + (uint64_t)type);
    return key ? key : 1;
}
