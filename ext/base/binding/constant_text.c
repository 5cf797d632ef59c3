#include "base/binding/constant_text.h"

#include <string.h>

athlete_status constant_text_take(constant_text *kept, sqlite3_value *value) {
    const char *text = NULL;
    if (value && sqlite3_value_type(value) != SQLITE_NULL) {
        text = (const char *)sqlite3_value_text(value);
        if (!text) return ATHLETE_NOMEM;
    }
    size_t bytes = text ? (size_t)sqlite3_value_bytes(value) : 0;
    if (kept->is_known) {
        bool same =
            text ? kept->text && bytes == kept->bytes && memcmp(text, kept->text, bytes) == 0 : !kept->text;
        return same ? ATHLETE_OK : ATHLETE_INVALID;
    }
    if (text) {
        kept->text = sqlite3_malloc64(bytes + 1);
        if (!kept->text) return ATHLETE_NOMEM;
        memcpy(kept->text, text, bytes + 1); /* SQLite ends it with a zero */
    }
    kept->bytes = bytes;
    kept->is_known = true;
    return ATHLETE_OK;
}

void constant_text_free(constant_text *kept) {
    sqlite3_free(kept->text);
    *kept = (constant_text){.text = NULL};
}
