#include "validation/value_key_sql.h"

#include "base/numbers/decimal.h"
#include "base/numbers/random.h"
#include "validation/feature_strength.h"

static uint64_t number_key(sqlite3_value *value) {
    double x = sqlite3_value_double(value);
    sqlite3_int64 integer = sqlite3_value_int64(value);
    if (sqlite3_value_type(value) == SQLITE_INTEGER || is_whole(x, -0x1p63, 0x1.fffffffffffffp62))
        return strength_key(&integer, sizeof integer);
    return random_mix(strength_key(&x, sizeof x)); /* the bytes of a REAL may be those of an INTEGER */
}

uint64_t value_key(sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) return number_key(value);
    const void *bytes = type == SQLITE_NULL ? NULL : sqlite3_value_blob(value);
    uint64_t key = strength_key(bytes, bytes ? (size_t)sqlite3_value_bytes(value) : 0);
    key = random_mix(key + (uint64_t)type);
    return key ? key : 1;
}
