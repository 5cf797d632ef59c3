/* Binding of load, zones, pace, grade, race equivalence and durations: the table, and the callbacks that
** only pass numbers on. */
#include "training/training_sql.h"

#include <math.h>
#include "training/duration.h"
#include "training/equivalence.h"
#include "training/grade.h"
#include "training/load.h"
#include "training/pace.h"
#include "training/training_callbacks_sql.h"
#include "training/vdot.h"
#include "training/vickers.h"
#include "training/zones.h"

static double pace_min_km_number(const double *a) {
    return pace_min_km(a[0], a[1]);
}

static double intensity_factor_number(const double *a) {
    return intensity_factor(a[0], a[1]);
}

static double efficiency_index_number(const double *a) {
    return efficiency_index(a[0], a[1]);
}

static double tss_number(const double *a) {
    return training_stress(a[0], a[1], a[2]);
}

static double power_tss_number(const double *a) {
    return power_stress(a[0], a[1], a[2]);
}

static double rpe_tss_number(const double *a) {
    return exertion_stress(a[0], a[1]);
}

static double max_hr_estimate_number(const double *a) {
    return max_hr_from_age(a[0]);
}

static double flat_distance_number(const double *a) {
    return flat_distance(a[0], a[1]);
}

static double riegel_number(const double *a) {
    return riegel_time(a[0], a[1], a[2]);
}

static double cameron_number(const double *a) {
    return cameron_time(a[0], a[1], a[2]);
}

static double vdot_number(const double *a) {
    return vdot_of_race(a[0], a[1]);
}

static double vdot_time_number(const double *a) {
    return vdot_race_time(a[0], a[1]);
}

static double threshold_pace_number(const double *a) {
    return vdot_threshold_pace(a[0]);
}

static double vickers_marathon_number(const double *a) {
    return vickers_marathon(a[0], a[1], a[2]);
}

static double vickers_marathon_two_number(const double *a) {
    return vickers_marathon_two(a[0], a[1], a[2], a[3], a[4]);
}

/* A number of 0 or more. */
#define AMOUNT(name, meaning)                                                                                \
    { name, ATHLETE_NUMBER, 0, 0, HUGE_VAL, meaning }

static const char zone_bounds[] =
    "zone 1 from 50 % of the maximum, 2 from 60, 3 from 70, 4 from 80, 5 from 90: Edwards 1993, "
    "The Heart Rate Monitor Book";
static const char source_banister[] = "Banister 1991, in Physiological Testing of Elite Athletes, 403-424: "
                                      "min x r x 0.64 exp(1.92 r) for men, 0.86 exp(1.67 r) for women, r the "
                                      "fraction of the heart rate reserve";
static const char daniels[] =
    "Daniels and Gilbert 1979, Oxygen Power: meant for races of 3.5 minutes to 4 hours";
static const char vickers[] =
    "Vickers and Vertosick 2016, BMC Sports Sci Med Rehabil 8:26; coefficients of its published predictions";
static const char sex_meaning[] = "'m' or 'f'";

static const athlete_function training_functions[] = {
    {
        .name = "pace_min_km",
        .example = "SELECT pace_min_km(5000, 1500)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(AMOUNT("distance_m", "m"), AMOUNT("seconds", "s, of movement")),
        .summary = "The pace of a run.",
        .returns = "min/km, above 0; NULL when distance or time is 0",
        .number = pace_min_km_number,
    },
    {
        .name = "intensity_factor",
        .example = "SELECT intensity_factor(5.5, 5)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            AMOUNT("pace_min_km", "min/km, the pace run"),
            AMOUNT("threshold_pace_min_km", "min/km, the pace that can be held for an hour")),
        .summary = "How hard a run was: its speed as a fraction of the speed at threshold.",
        .returns = "a fraction, 1 at threshold pace; NULL when either pace is 0",
        .source =
            "threshold pace / pace; Allen and Coggan 2006, Training and Racing with a Power Meter, for power",
        .number = intensity_factor_number,
    },
    {
        .name = "tss",
        .example = "SELECT tss(60, 5.5, 5)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            AMOUNT("moving_min", "min, of movement"), AMOUNT("pace_min_km", "min/km, the pace run"),
            AMOUNT("threshold_pace_min_km", "min/km, the pace that can be held for an hour")),
        .summary = "Training stress from pace: 100 is one hour at threshold pace.",
        .returns = "points, 0 or more; NULL when either pace is 0",
        .source = "moving_min x intensity_factor^2 / 60 x 100",
        .number = tss_number,
    },
    {
        .name = "efficiency_index",
        .example = "SELECT efficiency_index(5, 150)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(AMOUNT("pace_min_km", "min/km, the pace run"),
                                       AMOUNT("hr", "bpm, average of the run")),
        .summary = "Pace per heartbeat: it falls as the same pace costs fewer beats.",
        .returns = "(min/km)/bpm; NULL when pace or heart rate is 0",
        .source = "pace / heart rate",
        .number = efficiency_index_number,
    },
    {
        .name = "hr_zone",
        .example = "SELECT hr_zone(150, 190)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(AMOUNT("hr", "bpm"), AMOUNT("max_hr", "bpm, the athlete's maximum")),
        .summary = "The heart rate zone: a zone holds its lower bound, 5 is open above, 0 is what lies below "
                   "zone 1.",
        .returns = "integer, 0 to 5; NULL when the heart rate (a sensor without signal) or the maximum is 0",
        .source = zone_bounds,
        .scalar = hr_zone_scalar,
    },
    {
        .name = "hr_zone_pct",
        .example =
            "SELECT hr_zone_pct(column1, column2, 190, 3) FROM (VALUES (120, 600), (140, 1800), (165, 600))",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS(AMOUNT("hr", "bpm"),
                                       {"seconds", ATHLETE_NUMBER, 0, 0, 1e9, "s, spent at that heart rate"},
                                       AMOUNT("max_hr", "bpm, the athlete's maximum"),
                                       {"zone", ATHLETE_INTEGER, 0, 0, 5, "0 to 5, the same in every row"}),
        .summary = "The share of time in one heart rate zone, of the time with a heart rate. Exact: the "
                   "order of the rows does not matter.",
        .returns = "per cent, 0 to 100, the six zones together 100; NULL when no second has a heart rate and "
                   "a maximum "
                   "(a row with a NULL, or with 0 for either, does not count)",
        .errors = "the zone changes from row to row",
        .source = zone_bounds,
        .step = hr_zone_pct_step,
        .final = hr_zone_pct_value,
        .value = hr_zone_pct_value,
        .inverse = hr_zone_pct_inverse,
    },
    {
        .name = "max_hr_estimate",
        .example = "SELECT max_hr_estimate(40)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS({"age", ATHLETE_NUMBER, 0, 0, 130, "years"}),
        .summary = "The maximum heart rate to expect at an age, where none was measured; its standard error "
                   "is about 10 bpm.",
        .returns = "bpm, 90 to 220",
        .source = "220 - age: Fox, Naughton and Haskell 1971, Ann Clin Res 3:404-432",
        .number = max_hr_estimate_number,
    },
    {
        .name = "trimp",
        .example = "SELECT trimp(60, 150, 190, 50)",
        .kind = ATHLETE_SCALAR,
        .arguments =
            ATHLETE_ARGUMENTS(AMOUNT("minutes", "min"), AMOUNT("hr", "bpm, average"),
                              AMOUNT("max_hr", "bpm, the athlete's maximum"),
                              AMOUNT("rest_hr", "bpm, the athlete's resting rate"),
                              {"sex", ATHLETE_TEXT, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0, sex_meaning}),
        .defaults = ATHLETE_DEFAULTS({"sex", "m"}),
        .summary =
            "Banister's training impulse: minutes, weighted by how far the heart rate is up its reserve.",
        .returns = "points, 0 at the resting rate and below; NULL when the heart rate is 0 (a sensor without "
                   "signal) or max_hr <= rest_hr",
        .errors = "sex is another word",
        .source = source_banister,
        .scalar = trimp_scalar,
    },
    {
        .name = "hr_tss",
        .example = "SELECT hr_tss(60, 150, 190, 50, 170)",
        .kind = ATHLETE_SCALAR,
        .arguments =
            ATHLETE_ARGUMENTS(AMOUNT("minutes", "min"), AMOUNT("hr", "bpm, average"),
                              AMOUNT("max_hr", "bpm, the athlete's maximum"),
                              AMOUNT("rest_hr", "bpm, the athlete's resting rate"),
                              AMOUNT("threshold_hr", "bpm, the rate that can be held for an hour"),
                              {"sex", ATHLETE_TEXT, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0, sex_meaning}),
        .defaults = ATHLETE_DEFAULTS({"sex", "m"}),
        .summary = "Training stress from heart rate: the training impulse, scaled so that 100 is one hour at "
                   "threshold.",
        .returns = "points, 0 at the resting rate and below; NULL when the heart rate is 0, max_hr <= "
                   "rest_hr or threshold_hr <= rest_hr",
        .errors = "sex is another word",
        .source = "100 x trimp(minutes, hr) / trimp(60, threshold_hr)",
        .scalar = hr_tss_scalar,
    },
    {
        .name = "power_tss",
        .example = "SELECT power_tss(60, 200, 250)",
        .kind = ATHLETE_SCALAR,
        .arguments =
            ATHLETE_ARGUMENTS(AMOUNT("moving_min", "min"), AMOUNT("power_w", "W, weighted or average"),
                              AMOUNT("ftp_w", "W, the power that can be held for an hour")),
        .summary = "Training stress from power: 100 is one hour at functional threshold power.",
        .returns = "points; NULL when ftp_w is 0",
        .source = "hours x (power / FTP)^2 x 100: Allen and Coggan, Training and Racing with a Power Meter",
        .number = power_tss_number,
    },
    {
        .name = "rpe_tss",
        .example = "SELECT rpe_tss(60, 7)",
        .kind = ATHLETE_SCALAR,
        .arguments =
            ATHLETE_ARGUMENTS(AMOUNT("moving_min", "min"), {"rpe", ATHLETE_NUMBER, 0, 0, 10,
                                                            "how hard the session was, on the CR-10 scale"}),
        .summary =
            "Training stress from session RPE (Foster's exertion x minutes), on the scale on which 100 "
            "is one hour at threshold.",
        .returns =
            "points: an hour at 1, 2 … 10 makes 20, 30, 40, 50, 60, 70, 80, 100, 120 and 140, at 0 none",
        .source = "session RPE: Foster et al. 2001, J Strength Cond Res 15:109-115; points an hour: Friel, "
                  "Estimating Training Stress Score (TrainingPeaks)",
        .number = rpe_tss_number,
    },
    {
        .name = "grade_factor",
        .example = "SELECT grade_factor(0.05)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            {"grade", ATHLETE_NUMBER, 0, 0, 0, "rise over run, a fraction: 0.05 for 5 % uphill"},
            {"model", ATHLETE_TEXT, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0, "'strava' or 'minetti'"}),
        .defaults = ATHLETE_DEFAULTS({"model", "strava"}),
        .summary =
            "By how much a slope slows a run of the same effort: grade-adjusted speed = speed x factor.",
        .returns = "a factor, 1 on the flat, 0.88 to 3.87 for strava and 0.49 to 5.40 for minetti; beyond a "
                   "grade of 0.40 "
                   "(strava) or 0.45 (minetti) that of the bound",
        .errors = "model is another word",
        .source = "strava: Strava Engineering 2017, An improved GAP model, as a polynomial by Elevate; "
                  "minetti: Minetti et al. 2002, J Appl Physiol 93:1039-1046, energy cost / 3.6",
        .scalar = grade_factor_scalar,
    },
    {
        .name = "flat_distance",
        .example = "SELECT flat_distance(20000, 900)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(AMOUNT("distance_m", "m, of a run"),
                                       AMOUNT("climb_m", "m, all of its ascents")),
        .summary = "The distance on the flat that asks for the effort of a hilly run of which only the climb "
                   "is known.",
        .returns = "m, distance_m on the flat, at most 3 times as far; NULL when the distance is 0",
        .source =
            "distance_m x the mean of grade_factor over half of the way up by climb_m and half of it down "
            "again",
        .number = flat_distance_number,
    },
    {
        .name = "riegel",
        .example = "SELECT hms(riegel(1500, 5000, 10000))",
        .kind = ATHLETE_SCALAR,
        .arguments =
            ATHLETE_ARGUMENTS(AMOUNT("seconds", "s, the known time"), AMOUNT("distance_m", "m, its distance"),
                              AMOUNT("target_distance_m", "m, the distance asked for")),
        .summary = "The time over another distance that one race promises, by Riegel's power law.",
        .returns = "s; NULL when an argument is 0",
        .source = "t (d2/d1)^1.06: Riegel 1981, American Scientist 69:285-290",
        .number = riegel_number,
    },
    {
        .name = "cameron",
        .example = "SELECT hms(cameron(1500, 5000, 10000))",
        .kind = ATHLETE_SCALAR,
        .arguments =
            ATHLETE_ARGUMENTS(AMOUNT("seconds", "s, the known time"), AMOUNT("distance_m", "m, its distance"),
                              AMOUNT("target_distance_m", "m, the distance asked for")),
        .summary =
            "The time over another distance that one race promises, by Cameron's curve through records.",
        .returns = "s; NULL when an argument is 0 or a distance beyond 445 km",
        .source =
            "t (d2/d1) f(d1)/f(d2), f(d) = 13.49681 - 0.000030363 d + 835.7114 / d^0.7905: Cameron 1998",
        .number = cameron_number,
    },
    {
        .name = "vdot",
        .example = "SELECT vdot(10000, 2700)",
        .kind = ATHLETE_SCALAR,
        .arguments =
            ATHLETE_ARGUMENTS(AMOUNT("distance_m", "m, of a race"), AMOUNT("seconds", "s, its time")),
        .summary = "The oxygen uptake that a race result is worth.",
        .returns = "ml/kg/min, above 0; NULL when an argument is 0 or the speed below a slow walk's",
        .source = daniels,
        .number = vdot_number,
    },
    {
        .name = "vdot_time",
        .example = "SELECT hms(vdot_time(45.3, 42195))",
        .kind = ATHLETE_SCALAR,
        .arguments =
            ATHLETE_ARGUMENTS(AMOUNT("vdot", "ml/kg/min"), AMOUNT("distance_m", "m, the distance asked for")),
        .summary = "The time over a distance at a given VDOT: the inverse of vdot.",
        .returns = "s; NULL when an argument is 0",
        .source = daniels,
        .number = vdot_time_number,
    },
    {
        .name = "threshold_pace",
        .example = "SELECT threshold_pace(45.3)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(AMOUNT("vdot", "ml/kg/min")),
        .summary = "The pace that can be held for 60 minutes at a given VDOT.",
        .returns = "min/km; NULL when vdot is 0",
        .source = daniels,
        .number = threshold_pace_number,
    },
    {
        .name = "vickers_marathon",
        .example = "SELECT hms(vickers_marathon(5700, 21097.5, 50))",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(AMOUNT("seconds", "s, the time of a shorter race"),
                                       AMOUNT("distance_m", "m, its distance"),
                                       AMOUNT("weekly_km", "km, run in a typical week of the preparation")),
        .summary =
            "The marathon time that one race and the training volume promise, for recreational runners.",
        .returns = "s; NULL when time or distance is 0",
        .source = vickers,
        .number = vickers_marathon_number,
    },
    {
        .name = "vickers_marathon_two",
        .example = "SELECT hms(vickers_marathon_two(2700, 10000, 6000, 21097.5, 50))",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            AMOUNT("seconds_1", "s, the time of a shorter race"), AMOUNT("distance_1_m", "m, its distance"),
            AMOUNT("seconds_2", "s, the time of another"), AMOUNT("distance_2_m", "m, its distance"),
            AMOUNT("weekly_km", "km, run in a typical week of the preparation")),
        .summary = "The marathon time that two races, in either order, and the training volume promise, for "
                   "recreational runners.",
        .returns = "s; NULL when a time or distance is 0 or the distances are equal",
        .source = vickers,
        .number = vickers_marathon_two_number,
    },
    {
        .name = "hms",
        .example = "SELECT hms(12345)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS({"seconds", ATHLETE_NUMBER, 0, 0, ATHLETE_DURATION_MAX_S, "s"}),
        .summary = "A duration for people, rounded to the second.",
        .returns = "text, 'h:mm:ss', below one hour 'm:ss'",
        .scalar = hms_scalar,
    },
    {
        .name = "parse_hms",
        .example = "SELECT parse_hms('3:25:45')",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            {"text", ATHLETE_ANY, 0, 0, 0,
             "'h:mm:ss', 'm:ss' or seconds, with or without decimals; a number is seconds"}),
        .summary = "The seconds in a duration as people write it: the inverse of hms.",
        .returns = "s, 0 or more",
        .errors = "the text has another form",
        .scalar = parse_hms_scalar,
    },
    {.name = NULL},
};

const athlete_domain athlete_training = {.name = "training", .functions = training_functions};
