#include "base/functions/base_callbacks_sql.h"

#include <string.h>
#include "base/binding/function.h"
#include "base/memory.h"
#include "base/text/json_names.h"

void json_plain_names_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    const char *text = (const char *)sqlite3_value_text(argv[0]);
    size_t length = (size_t)sqlite3_value_bytes(argv[0]);
    if (!text) {
        function_fail_status(context, ATHLETE_NOMEM, NULL);
    } else if (!memchr(text, '\\', length)) {
        sqlite3_result_value(context, argv[0]);
    } else {
        char *out = memory_alloc(NULL, length + 1, 1);
        if (!out) {
            function_fail_status(context, ATHLETE_NOMEM, NULL);
            return;
        }
        size_t n = json_plain_names(text, length, out);
        sqlite3_result_text64(context, out, n, SQLITE_TRANSIENT, SQLITE_UTF8);
        memory_free(NULL, out);
    }
}
