#include "base/functions/instants_sql.h"

#include <string.h>
#include "base/binding/function.h"
#include "base/numbers/instant.h"

static const instant_form *form_named(const char *precision) {
    if (!precision || strcmp(precision, "second") == 0) return &instant_seconds;
    return strcmp(precision, "millisecond") == 0 ? &instant_milliseconds : NULL;
}

static bool instants_read(sqlite3_value *value, instant *out) {
    const char *text =
        sqlite3_value_type(value) == SQLITE_TEXT ? (const char *)sqlite3_value_text(value) : NULL;
    return text && strlen(text) == (size_t)sqlite3_value_bytes(value) && instant_parse(text, out);
}

static void result_instant(sqlite3_context *context, const instant_form *form, const instant *when, bool up) {
    char text[INSTANT_SIZE];
    if (instant_form_write(form, when->us + (up && when->is_more), up, text))
        sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
    else function_fail(context, "the time is outside the years 1 to 9999");
}

/* A row describes a time that is over: a day stands for its end, where the athlete was. */
static void end_day(instant *when, sqlite3_int64 utc_offset_s) {
    if (when->is_day) when->us += INSTANT_US_PER_DAY - utc_offset_s * 1000000;
}

void row_instant_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    const instant_form *form = form_named(argc > 1 ? (const char *)sqlite3_value_text(argv[1]) : NULL);
    instant when;
    if (!form) {
        function_fail_argument(context, 1, "'second' or 'millisecond'", argv[1]);
    } else if (!instants_read(argv[0], &when)) {
        function_fail_argument(context, 0, INSTANT_EXPECTED, argv[0]);
    } else {
        end_day(&when, argc > 2 ? sqlite3_value_int64(argv[2]) : 0);
        result_instant(context, form, &when, true);
    }
}

void as_of_instant_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    const instant_form *form = form_named(argc > 1 ? (const char *)sqlite3_value_text(argv[1]) : NULL);
    instant when;
    if (!form) function_fail_argument(context, 1, "'second' or 'millisecond'", argv[1]);
    else if (!instants_read(argv[0], &when)) function_fail_argument(context, 0, INSTANT_EXPECTED, argv[0]);
    else result_instant(context, form, &when, false);
}

void feature_instant_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    if (argc != 3) {
        sqlite3_result_error(context, "feature instant: a part of feature_group_ingest, not to be called",
                             -1);
        return;
    }
    int digits = sqlite3_value_int(argv[1]);
    const char *text =
        sqlite3_value_type(argv[0]) == SQLITE_TEXT ? (const char *)sqlite3_value_text(argv[0]) : NULL;
    instant when;
    char out[INSTANT_SIZE];
    bool is_usual = text && instant_is_canonical(text, (size_t)sqlite3_value_bytes(argv[0]), digits);
    if (is_usual || !instants_read(argv[0], &when)) {
        sqlite3_result_value(context, argv[0]);
        return;
    }
    end_day(&when, sqlite3_value_int64(argv[2]));
    if (instant_form_write(digits ? &instant_milliseconds : &instant_seconds, when.us + when.is_more, true,
                           out))
        sqlite3_result_text(context, out, -1, SQLITE_TRANSIENT);
    else sqlite3_result_value(context, argv[0]);
}
