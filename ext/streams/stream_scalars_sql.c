/* Binding of what makes one number of a recording. */
#include <math.h>
#include "base/binding/function.h"
#include "streams/heartbeats.h"
#include "streams/normalized.h"
#include "streams/steps.h"
#include "streams/streams_callbacks_sql.h"

#define MOST_CHANNELS 4

static athlete_status stream_argument(const athlete_function *function, athlete_poll *poll, int index,
                                      sqlite3_value *value, athlete_budget *budget, stream *out,
                                      athlete_fault *fault) {
    const char *name = function_argument(function, index)->name;
    if (sqlite3_value_type(value) != SQLITE_BLOB) {
        sqlite3_str *found = sqlite3_str_new(NULL);
        sqlite3_str_appendf(found, "argument %d (%s) must be a channel of a recording, a BLOB, got ",
                            index + 1, name);
        value_describe(found, value);
        return fault_refuse_str(fault, found);
    }
    const unsigned char *bytes = sqlite3_value_blob(value);
    size_t n_bytes = (size_t)sqlite3_value_bytes(value);
    if (n_bytes && !bytes) return ATHLETE_NOMEM;
    athlete_status status = stream_unpack(poll, bytes, n_bytes, budget, out, fault);
    if (status == ATHLETE_OK && index == 0) status = time_check(out, fault);
    if (status == ATHLETE_INVALID)
        return fault_refuse(fault, "argument %d (%s) %s", index + 1, name, fault->text);
    return status;
}

athlete_status stream_arguments(const athlete_function *function, athlete_poll *poll, sqlite3_value **values,
                                int n, athlete_budget *budget, stream *out, athlete_fault *fault) {
    for (int i = 0; i < n; i++) out[i] = (stream){NULL, 0};
    for (int i = 0; i < n; i++) {
        if (i && sqlite3_value_type(values[i]) == SQLITE_NULL) continue;
        athlete_status status = stream_argument(function, poll, i, values[i], budget, &out[i], fault);
        if (status != ATHLETE_OK) return status;
        if (out[i].n != out[0].n)
            return fault_refuse(fault, "argument %d (%s) has %zu samples where the time has %zu", i + 1,
                                function_argument(function, i)->name, out[i].n, out[0].n);
    }
    return ATHLETE_OK;
}

/* What a kernel makes of the channels. */
typedef athlete_status stream_kernel(athlete_poll *poll, const stream *channels, grade_model model,
                                     athlete_budget *budget, double *out);

static void answer_number(sqlite3_context *context, sqlite3_value **argv, int n, grade_model model,
                          stream_kernel *kernel) {
    athlete_budget budget = {.limit = ATHLETE_BUDGET_DEFAULT};
    athlete_fault fault = {{0}};
    athlete_poll poll;
    stream channels[MOST_CHANNELS];
    double answer = NAN;
    poll_begin(&poll, sqlite3_context_db_handle(context));
    athlete_status status = stream_arguments(function_of(context), &poll, argv, n, &budget, channels, &fault);
    if (status == ATHLETE_OK) status = kernel(&poll, channels, model, &budget, &answer);
    poll_end(&poll);
    for (int i = 0; i < n; i++) stream_free(&budget, &channels[i]);
    if (status == ATHLETE_OK) function_result_number(context, answer);
    else function_fail_status(context, status, fault.text);
}

/* --- runs ------------------------------------------------------------------------------------------------ */

static athlete_status run_steps(athlete_poll *poll, const stream *channels, grade_model model,
                                athlete_budget *budget, moving_steps *steps) {
    return moving_steps_build(poll, &channels[0], &channels[1], channels[2].x ? &channels[2] : NULL, model,
                              budget, steps);
}

static athlete_status graded_pace_kernel(athlete_poll *poll, const stream *channels, grade_model model,
                                         athlete_budget *budget, double *out) {
    moving_steps steps;
    athlete_status status = run_steps(poll, channels, model, budget, &steps);
    if (status == ATHLETE_OK) *out = graded_pace_s_m(&steps) * 1000 / 60;
    moving_steps_free(budget, &steps);
    return status;
}

static athlete_status normalized_pace_kernel(athlete_poll *poll, const stream *channels, grade_model model,
                                             athlete_budget *budget, double *out) {
    moving_steps steps;
    double speed = NAN;
    athlete_status status = run_steps(poll, channels, model, budget, &steps);
    if (status == ATHLETE_OK) status = normalized_rate(poll, steps.seconds, steps.amount, steps.n, &speed);
    if (speed > 0) *out = 1000 / speed / 60;
    moving_steps_free(budget, &steps);
    return status;
}

static athlete_status decoupling_kernel(athlete_poll *poll, const stream *channels, grade_model model,
                                        athlete_budget *budget, double *out) {
    moving_steps steps;
    const stream *heart_rate = &channels[3];
    double *believed = memory_alloc(budget, heart_rate->n ? heart_rate->n : 1, sizeof *believed);
    if (!believed) return memory_status(budget);
    athlete_status status = run_steps(poll, channels, model, budget, &steps);
    if (status == ATHLETE_OK) status = heart_rates_believed(poll, heart_rate, believed);
    if (status == ATHLETE_OK) *out = decoupling_pct(&steps, believed);
    moving_steps_free(budget, &steps);
    memory_free(budget, believed);
    return status;
}

/* The model named in the argument; false after an error. */
static bool read_model(sqlite3_context *context, int argc, sqlite3_value **argv, int index,
                       grade_model *model) {
    *model = GRADE_STRAVA;
    if (argc <= index || sqlite3_value_type(argv[index]) == SQLITE_NULL) return true;
    const char *word = (const char *)sqlite3_value_text(argv[index]);
    if (word && sqlite3_stricmp(word, "minetti") == 0) *model = GRADE_MINETTI;
    else if (!word) sqlite3_result_error_nomem(context);
    else if (sqlite3_stricmp(word, "strava") != 0)
        function_fail_argument(context, index, "'strava' or 'minetti'", argv[index]);
    return *model == GRADE_MINETTI || (word && sqlite3_stricmp(word, "strava") == 0);
}

void graded_pace_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    grade_model model;
    if (read_model(context, argc, argv, 3, &model))
        answer_number(context, argv, 3, model, graded_pace_kernel);
}

void normalized_graded_pace_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    grade_model model;
    if (read_model(context, argc, argv, 3, &model))
        answer_number(context, argv, 3, model, normalized_pace_kernel);
}

void decoupling_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    answer_number(context, argv, 4, GRADE_STRAVA, decoupling_kernel);
}

/* --- any sport ------------------------------------------------------------------------------------------- */

/* Seconds and x times seconds of the steps at whose end there is a value; n of them. */
static size_t valued_steps(const stream *time, const stream *s, double *seconds, double *amount) {
    size_t n = 0;
    for (size_t i = 1; i < time->n; i++) {
        double step = step_seconds(time, i);
        if (step == 0 || isnan(s->x[i])) continue;
        seconds[n] = step;
        amount[n++] = s->x[i] * step;
    }
    return n;
}

static athlete_status steps_of_values(athlete_poll *poll, const stream *channels, bool is_normalized,
                                      athlete_budget *budget, double *out) {
    size_t room = channels[0].n ? channels[0].n : 1;
    double *seconds = memory_alloc(budget, room, sizeof *seconds),
           *amount = memory_alloc(budget, room, sizeof *amount);
    athlete_status status = memory_status(budget);
    if (seconds && amount) {
        size_t n = valued_steps(&channels[0], &channels[1], seconds, amount);
        status = ATHLETE_OK;
        if (is_normalized) {
            status = normalized_rate(poll, seconds, amount, n, out);
        } else if (n) {
            double time = 0, total = 0;
            for (size_t i = 0; i < n; i++) {
                time += seconds[i];
                total += amount[i];
            }
            *out = total / time;
        }
    }
    memory_free(budget, seconds);
    memory_free(budget, amount);
    return status;
}

static athlete_status power_kernel(athlete_poll *poll, const stream *channels, grade_model model,
                                   athlete_budget *budget, double *out) {
    (void)model;
    return steps_of_values(poll, channels, true, budget, out);
}

static athlete_status mean_kernel(athlete_poll *poll, const stream *channels, grade_model model,
                                  athlete_budget *budget, double *out) {
    (void)model;
    return steps_of_values(poll, channels, false, budget, out);
}

void normalized_power_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    answer_number(context, argv, 2, GRADE_STRAVA, power_kernel);
}

void stream_mean_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    answer_number(context, argv, 2, GRADE_STRAVA, mean_kernel);
}
