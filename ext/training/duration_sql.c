/* Binding of hms and parse_hms. */
#include "training/duration.h"
#include "training/training_callbacks.h"

void hms_call(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    char text[ATHLETE_DURATION_SIZE];
    duration_format(sqlite3_value_double(argv[0]), text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

/* A column of plain seconds arrives as numbers, one of 'm:ss' as text, and one that mixes them as both. */
void parse_hms_call(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    int type = sqlite3_value_type(argv[0]);
    double seconds;
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
        seconds = sqlite3_value_double(argv[0]);
        if (seconds >= 0 && seconds <= ATHLETE_DURATION_MAX_S) {
            sqlite3_result_double(context, seconds);
            return;
        }
    } else if (type == SQLITE_TEXT) {
        const char *text = (const char *)sqlite3_value_text(argv[0]);
        if (!text) {
            sqlite3_result_error_nomem(context);
            return;
        }
        if (duration_parse(text, (size_t)sqlite3_value_bytes(argv[0]), &seconds)) {
            sqlite3_result_double(context, seconds);
            return;
        }
    }
    static const char form[] = "argument 1 (text) must be 'h:mm:ss', 'm:ss' or seconds from 0 to 1e12";
    if (type == SQLITE_BLOB) function_fail(context, "%s, got a blob of %d bytes", form, sqlite3_value_bytes(argv[0]));
    else if (type == SQLITE_TEXT) function_fail(context, "%s, got text '%!.37s'", form, sqlite3_value_text(argv[0]));
    else function_fail(context, "%s, got %s", form, sqlite3_value_text(argv[0]));
}
