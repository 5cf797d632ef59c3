/* Binding of hms and parse_hms. */
#include "training/duration.h"
#include "training/training_callbacks_sql.h"

void hms_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    char text[ATHLETE_DURATION_SIZE];
    duration_format(sqlite3_value_double(argv[0]), text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

/* A column of plain seconds arrives as numbers, one of 'm:ss' as text, and one that mixes them as both. */
void parse_hms_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
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
    function_fail_argument(context, 0, "'h:mm:ss', 'm:ss' or seconds, up to 1e12 s", argv[0]);
}
