/* Binding of calibrate. */
#include "base/text/text_cache.h"
#include "validation/calibration.h"
#include "validation/validation_callbacks_sql.h"

typedef struct cached_calibration {
    cached_text base; /* must be first */
    calibration fitted;
} cached_calibration;

static void cached_calibration_close(cached_text *base) {
    calibration_free(&((cached_calibration *)base)->fitted, NULL);
}

static athlete_status parse_calibration(sqlite3 *db, cached_calibration *cached, athlete_fault *fault) {
    athlete_poll poll;
    poll_begin(&poll, db);
    athlete_status status =
        calibration_read(cached->base.text, cached->base.length, NULL, &poll, &cached->fitted, fault);
    poll_end(&poll);
    return status == ATHLETE_INVALID
               ? fault_refuse(fault, "argument 1 (model) is no calibration: %s", fault->text)
               : status;
}

/* NULL with the error set; to be given back with cached_text_release. */
static cached_calibration *calibration_argument(sqlite3_context *context, sqlite3_value *argument) {
    const char *text = (const char *)sqlite3_value_text(argument);
    size_t length = (size_t)sqlite3_value_bytes(argument);
    cached_text *base = text ? text_cache_find(domain_state_of(context), text, length) : NULL;
    if (base) return (cached_calibration *)base;
    athlete_fault fault = {""};
    base = text ? cached_text_open(text, length, sizeof(cached_calibration), cached_calibration_close) : NULL;
    athlete_status status = ATHLETE_NOMEM;
    if (base)
        status = parse_calibration(sqlite3_context_db_handle(context), (cached_calibration *)base, &fault);
    if (status == ATHLETE_OK) {
        text_cache_keep(domain_state_of(context), base);
        return (cached_calibration *)base;
    }
    cached_text_release(base);
    function_fail_status(context, status, fault.text);
    return NULL;
}

void calibrate_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    cached_calibration *cached = calibration_argument(context, argv[0]);
    if (!cached) return;
    double score = sqlite3_value_double(argv[1]);
    if (cached->fitted.method == CALIBRATION_LOGIT && !(score >= 0 && score <= 1))
        function_fail_argument(context, 1, "a probability, from 0 to 1, for a calibration of log odds",
                               argv[1]);
    else function_result_number(context, calibration_apply(&cached->fitted, score));
    cached_text_release(cached);
}
