/* Binding of recordings, second by second: the table. */
#include "streams/streams_sql.h"

#include "streams/streams_callbacks_sql.h"

#define CHANNEL(name, meaning)                                                                               \
    { name, ATHLETE_ANY, 0, 0, 0, meaning ", a channel as activity_streams keeps it" }
#define FLAT_CHANNEL(name, meaning)                                                                          \
    { name, ATHLETE_ANY, ATHLETE_NULLABLE, 0, 0, meaning ", a channel as activity_streams keeps it" }
#define TIME CHANNEL("time", "s, of each sample")
#define MODEL                                                                                                \
    {                                                                                                        \
        "model", ATHLETE_TEXT, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0,                                    \
            "'strava' or 'minetti', as in grade_factor"                                                      \
    }

/* Half an hour at 3 m/s on the flat, at 140 and then 141 bpm. */
#define EXAMPLE(body)                                                                                        \
    "WITH run (t, d, a, h) AS (VALUES (X'010002880E020603840E', X'010002880E020E03840E', "                   \
    "X'010001880E920303850E', "                                                                              \
    "X'010001880EB20403810706038107')) SELECT " body

static const char damage[] = "an argument is no channel, or of another length than the time";

static const athlete_function streams_functions[] = {
    {
        .name = "stream_values",
        .example = EXAMPLE("seconds, value FROM run, stream_values(t, d) LIMIT 3"),
        .kind = ATHLETE_TABLE,
        .arguments = ATHLETE_ARGUMENTS(TIME, CHANNEL("values", "any unit")),
        .summary = "The samples of one channel of a recording.",
        .returns =
            "one row per sample, in the order of time: seconds, value (NULL where the channel has none)",
        .errors = damage,
        .table = &stream_values_table,
    },
    {
        .name = "stream_mean",
        .example = EXAMPLE("stream_mean(t, h) FROM run"),
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(TIME, CHANNEL("values", "any unit")),
        .summary = "The mean of a channel over time; a sample stands for the seconds since the one before, "
                   "and for none after a gap "
                   "of more than 30 s.",
        .returns = "in the channel's unit; NULL when no second has a value",
        .errors = damage,
        .scalar = stream_mean_scalar,
    },
    {
        .name = "heart_rate_seconds",
        .example = EXAMPLE("hr, seconds FROM run, heart_rate_seconds(t, h)"),
        .kind = ATHLETE_TABLE,
        .arguments = ATHLETE_ARGUMENTS(TIME, CHANNEL("heart_rate", "bpm")),
        .summary = "How long each heart rate held, without dropouts (outside 30 to 230 bpm) and spikes (more "
                   "than 30 bpm from the "
                   "median of 15 samples to each side).",
        .returns = "one row per whole rate: hr, seconds; a last one without hr is the time without a rate to "
                   "believe",
        .errors = damage,
        .table = &heart_rate_seconds_table,
    },
    {
        .name = "graded_pace",
        .example = EXAMPLE("graded_pace(t, d, a) FROM run"),
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(TIME, CHANNEL("distance", "m, since the start"),
                                       FLAT_CHANNEL("altitude", "m"), MODEL),
        .defaults = ATHLETE_DEFAULTS({"model", "strava"}),
        .summary = "Grade-adjusted pace: the even pace on the flat for the same effort, of the seconds in "
                   "motion (1.5 km/h and "
                   "more).",
        .returns = "min/km; NULL when nothing moves; without altitude the pace itself",
        .errors = "an argument is no channel, or of another length than the time; model is another word",
        .source = "the curves of grade_factor, at the grade of the 60 m around each second",
        .scalar = graded_pace_scalar,
    },
    {
        .name = "normalized_graded_pace",
        .example = EXAMPLE("normalized_graded_pace(t, d, a) FROM run"),
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(TIME, CHANNEL("distance", "m, since the start"),
                                       FLAT_CHANNEL("altitude", "m"), MODEL),
        .defaults = ATHLETE_DEFAULTS({"model", "strava"}),
        .summary = "The steady pace on the flat that costs what an uneven run on hills does.",
        .returns = "min/km; NULL below 30 s in motion",
        .errors = "an argument is no channel, or of another length than the time; model is another word",
        .source = "fourth root of the mean fourth power of graded speed over 30 s: Allen and Coggan for "
                  "power, on graded speed",
        .scalar = normalized_graded_pace_scalar,
    },
    {
        .name = "normalized_power",
        .example = EXAMPLE("normalized_power(t, h) FROM run"),
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(TIME, CHANNEL("watts", "W")),
        .summary = "The steady power that costs what an uneven one does.",
        .returns = "W; NULL below 30 s with power",
        .errors = damage,
        .source = "fourth root of the mean fourth power of means over 30 s: Allen and Coggan, Training and "
                  "Racing with a Power Meter",
        .scalar = normalized_power_scalar,
    },
    {
        .name = "decoupling",
        .example = EXAMPLE("decoupling(t, d, a, h) FROM run"),
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(TIME, CHANNEL("distance", "m, since the start"),
                                       FLAT_CHANNEL("altitude", "m"), CHANNEL("heart_rate", "bpm")),
        .summary = "How much less graded speed a heartbeat buys in the second half of the time in motion "
                   "than in the first.",
        .returns = "per cent, below 5 for a run within one's endurance; NULL below 20 min in motion, or "
                   "where a tenth of it or more "
                   "has no heart rate to believe",
        .errors = damage,
        .source = "100 (EF1 - EF2) / EF1, EF = graded speed / heart rate: Friel, Pa:Hr",
        .scalar = decoupling_scalar,
    },
    {.name = NULL},
};

const athlete_domain athlete_streams = {.name = "streams", .functions = streams_functions};
