/* Binding of the calendar and of everything that looks back over days: the table of the domain's functions. */
#include "rolling/rolling_sql.h"

#include "base/memory.h"
#include "base/numbers/date.h"
#include "rolling/rolling_callbacks_sql.h"

/* The check of an ATHLETE_DATE argument has seen that it is one. */
static int calendar_day_of(sqlite3_value *value) {
    int day = 0;
    date_parse((const char *)sqlite3_value_text(value), &day);
    return day;
}

static void week_start_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    int day = calendar_day_of(argv[0]), first_day;
    date_parse("0000-01-01", &first_day);
    if (day - date_weekday(day) < first_day) {
        function_fail(context, "the week starts before the year 0");
        return;
    }
    char text[ATHLETE_DATE_SIZE];
    date_format(day - date_weekday(day), text);
    sqlite3_result_text(context, text, ATHLETE_DATE_SIZE - 1, SQLITE_TRANSIENT);
}

/* --- calendar ------------------------------------------------------------------------------------------- */

typedef struct calendar_state {
    int day, last_day;
} calendar_state;

static athlete_status calendar_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    (void)call, (void)argc;
    calendar_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    state->day = calendar_day_of(argv[0]) - 1;
    state->last_day = calendar_day_of(argv[1]);
    *out = state;
    return ATHLETE_OK;
}

static int calendar_next(athlete_call *call, void *opaque) {
    (void)call;
    calendar_state *state = opaque;
    if (state->day >= state->last_day) return SQLITE_DONE;
    state->day++;
    return SQLITE_ROW;
}

static void calendar_column(void *opaque, sqlite3_context *context, int column) {
    (void)column;
    char text[ATHLETE_DATE_SIZE];
    date_format(((const calendar_state *)opaque)->day, text);
    sqlite3_result_text(context, text, ATHLETE_DATE_SIZE - 1, SQLITE_TRANSIENT);
}

static void calendar_close(void *state) {
    memory_free(NULL, state);
}

static const athlete_table calendar_table = {
    .columns = "day TEXT",
    .expected_rows = 1000,
    .open = calendar_open,
    .next = calendar_next,
    .column = calendar_column,
    .close = calendar_close,
};

/* --- the table ------------------------------------------------------------------------------------------ */

static const athlete_function rolling_functions[] = {
    {
        .name = "calendar",
        .example = "SELECT * FROM calendar('2024-02-28', '2024-03-01')",
        .kind = ATHLETE_TABLE,
        .arguments = ATHLETE_ARGUMENTS({"start", ATHLETE_DATE, 0, 0, 0, "the first day"},
                                       {"end", ATHLETE_DATE, 0, 0, 0, "the last day; none before `start`"}),
        .summary = "Every day from start to end, both included.",
        .table = &calendar_table,
    },
    {
        .name = "week_start",
        .example = "SELECT week_start('2024-02-29')",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            {"date", ATHLETE_DATE, 0, 0, 0, "a date, or a timestamp of which the day counts"}),
        .summary = "The Monday of the week.",
        .returns = "text 'YYYY-MM-DD'",
        .errors = "a week that starts before the year 0",
        .source = "ISO 8601",
        .scalar = week_start_scalar,
    },
    {
        .name = "ewma",
        .example = "SELECT day, ewma(load, 42) OVER (ORDER BY day) FROM (SELECT column1 AS day, column2 AS "
                   "load FROM (VALUES (1, 50), (2, 0), (3, 80)))",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS(
            {"x", ATHLETE_NUMBER, 0, 0, 0, "any unit, one row per day in order"},
            {"days", ATHLETE_NUMBER, 0, 0.01, 1000000, "days, the time constant (42 for CTL, 7 for ATL)"}),
        .summary = "Exponentially weighted mean: y = y + (1 - e^(-1/days)) * (x - y), starting from 0 before "
                   "the first row.",
        .returns = "the unit of x; NULL without rows; rows with a NULL are skipped and take no time",
        .errors = "days that differ from row to row",
        .source = "Banister 1991; GoldenCheetah PMCData.cpp, TrainingPeaks' CTL and ATL",
        .step = ewma_step,
        .final = ewma_final,
        .value = ewma_value,
        .inverse = window_inverse,
    },
    {
        .name = "linear_trend",
        .example = "SELECT linear_trend(column2, column1) FROM (VALUES (1, 5.5), (2, 5.4), (3, 5.2))",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS({"y", ATHLETE_NUMBER, 0, 0, 0, "any unit"},
                                       {"x", ATHLETE_NUMBER, 0, 0, 0, "any unit, julianday(date) for days"}),
        .summary = "Ordinary least squares slope of y against x.",
        .returns =
            "units of y per unit of x; NULL with fewer than 2 distinct x; rows with a NULL are skipped",
        .errors = "a slope too large for a number",
        .source = "Legendre 1805; the same as SQL's regr_slope",
        .step = linear_trend_step,
        .final = linear_trend_final,
        .value = linear_trend_value,
        .inverse = window_inverse,
    },
    {
        .name = "training_monotony",
        .example = "SELECT training_monotony(column1) FROM (VALUES (60), (0), (80), (50), (0), (120), (30))",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS(
            {"x", ATHLETE_NUMBER, 0, 0, 0, "load of a day, 0 for a rest day; seven of them for a week"}),
        .summary = "Mean daily load over its population standard deviation.",
        .returns = "ratio; NULL with fewer than 2 rows or when all are equal; rows with a NULL are skipped",
        .errors = "loads too large for a number",
        .source = "Foster 1998, Med Sci Sports Exerc 30(7):1164-1168; SD over n as in Runalyze",
        .step = window_step,
        .final = monotony_final,
        .value = monotony_value,
        .inverse = window_inverse,
    },
    {
        .name = "training_strain",
        .example = "SELECT training_strain(column1) FROM (VALUES (60), (0), (80), (50), (0), (120), (30))",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS(
            {"x", ATHLETE_NUMBER, 0, 0, 0, "load of a day, 0 for a rest day; seven of them for a week"}),
        .summary = "Total load times training_monotony.",
        .returns = "the unit of x; NULL when training_monotony is",
        .errors = "loads too large for a number",
        .source = "Foster 1998, Med Sci Sports Exerc 30(7):1164-1168",
        .step = window_step,
        .final = strain_final,
        .value = strain_value,
        .inverse = window_inverse,
    },
    {
        .name = "quantile",
        .example = "SELECT quantile(column1, 0.5) FROM (VALUES (3), (1), (2), (10))",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS(
            {"x", ATHLETE_NUMBER, 0, 0, 0, "any unit"},
            {"q", ATHLETE_NUMBER, 0, 0, 1, "share of the rows, 0 to 1; 0.5 for the median"}),
        .summary = "The value below which the share q of the rows lies, with linear interpolation.",
        .returns = "the unit of x; NULL without rows; rows with a NULL are skipped",
        .errors = "a q that differs from row to row",
        .source = "Hyndman & Fan 1996, Am Stat 50(4):361-365, type 7; numpy.quantile's default",
        .step = quantile_step,
        .final = quantile_final,
        .value = quantile_value,
        .inverse = window_inverse,
    },
    {
        .name = "supported_max",
        .example = "SELECT supported_max(column1, 0.03) FROM (VALUES (44.1), (71.0), (43.2), (38.5))",
        .kind = ATHLETE_WINDOW,
        .arguments = ATHLETE_ARGUMENTS({"x", ATHLETE_NUMBER, 0, 0, 1e300, "any unit, not negative"},
                                       {"tolerance", ATHLETE_NUMBER, 0, 0, 1000,
                                        "how much greater than another one it may be, as a share; 0.03"}),
        .summary = "The greatest x that another one bears out: one that stands alone above all others is a "
                   "glitch more "
                   "often than a feat.",
        .returns = "the unit of x; NULL where no two are so near; rows with a NULL are skipped",
        .errors = "a tolerance that differs from row to row",
        .step = supported_max_step,
        .final = supported_max_final,
        .value = supported_max_value,
        .inverse = window_inverse,
    },
    {
        .name = "proven_max",
        .example = "SELECT proven_max(column1, column2, 0.03, 0.1, 0.3333) FROM (VALUES (44.1, 1), (43.2, "
                   "1), (47.9, 2), "
                   "(71.0, 2))",
        .kind = ATHLETE_AGGREGATE,
        .arguments =
            ATHLETE_ARGUMENTS({"x", ATHLETE_NUMBER, 0, 0, 1e300, "any unit, not negative"},
                              {"standing", ATHLETE_INTEGER, 0, 0, 3,
                               "what it may prove: 3 itself, 2 itself as a race that is credible beside the "
                               "others, 1 itself beside another "
                               "that is near it, 0 the same and nothing of what is usual"},
                              {"tolerance", ATHLETE_NUMBER, 0, 0, 1000, "that of supported_max; 0.03"},
                              {"gain", ATHLETE_NUMBER, 0, 0, 1000,
                               "how much greater a race may be than what is borne out, as a share, or else "
                               "than the middle of those that "
                               "prove anything, the lesser of two; 0.1"},
                              {"best_gain", ATHLETE_NUMBER, 0, 0, 1000,
                               "and than the greatest that is no race, or is borne out; 0.3333"}),
        .summary = "The greatest x that a runner has proven: one that another bears out, one that stands by "
                   "itself, or a "
                   "race that is credible beside them.",
        .returns = "the unit of x; NULL where nothing is proven; rows with a NULL are skipped",
        .errors = "a tolerance or gain that differs from row to row",
        .step = proven_max_step,
        .final = proven_max_final,
    },
    {
        .name = "training_load",
        .example =
            "SELECT as_of_date, round(ctl_42d, 2) AS ctl, round(tsb, 2) AS tsb FROM training_load('SELECT 1, "
            "''2024-05-01'', 60, 10, 60, 150, 5 UNION ALL SELECT 1, ''2024-05-03'', 45, 8, 45, 140, 5')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"query", ATHLETE_QUERY, 0, 0, 0,
             "a SELECT of one row per activity, in any order: athlete_id, day (local date), tss (NULL: load "
             "unknown), "
             "distance_km, moving_min, pace_min_km (NULL: does not count for pace), elevation_gain_m"},
            {"options", ATHLETE_OPTIONS, ATHLETE_OPTIONAL, 0, 0,
             "acwr_risk_threshold, monotony_risk_threshold, acwr_min_history_days, expected_days_per_week, "
             "unknown_load_max_share, start_date, end_date"}),
        .summary =
            "Training-load features of every athlete on every calendar day from their first activity on.",
        .errors = "a row without athlete or day, with a bad date or a number out of range; a calendar of "
                  "more than 200 "
                  "years; more than 1000 activities on one day; a query that does not stand on its own or "
                  "has not 7 columns",
        .source = "Banister 1991 (CTL, ATL, TSB); Foster 1998 (monotony, strain); Gabbett 2016 (ACWR)",
        .table = &training_load_table,
        .options = training_load_options,
    },
    {
        .name = "training_forecast",
        .example = "SELECT plan, as_of_date, round(ctl_42d, 2) AS ctl, round(acwr, 2) AS acwr FROM "
                   "training_forecast('SELECT 1, ''2024-05-01'', 60, 10, 60, 6, 5, NULL "
                   "UNION ALL SELECT 1, ''2024-05-03'', 45, 8, 45, 5.6, 5, ''run'' "
                   "UNION ALL SELECT 1, ''2024-05-03'', 0, 0, 0, NULL, 0, ''rest''')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"query", ATHLETE_QUERY, 0, 0, 0,
             "that of training_load with an eighth column, plan: NULL for what was done, else to which of "
             "the athlete's plans the activity belongs; in a plan one of 0 minutes is a day of rest"},
            {"options", ATHLETE_OPTIONS, ATHLETE_OPTIONAL, 0, 0,
             "those of training_load; each plan goes on to end_date"}),
        .summary = "What training_load will say under each of several plans: a row per athlete, plan and "
                   "day, from the day after the last one that was done.",
        .errors = "those of training_load; a plan that does not begin after the last day without one; a "
                  "query that has not 8 columns",
        .source = "as of training_load",
        .table = &training_forecast_table,
        .options = training_load_options,
    },
    {
        .name = "similar_pace",
        .example = "SELECT run, earlier_runs, round(similar_pace_min_km, 2) AS pace FROM "
                   "similar_pace('SELECT 1, 10, "
                   "''a'', 5.0, 1, 8, 4, 18, 2 UNION ALL SELECT 1, 20, ''b'', 5.6, 4, 16, 9, 9, 0 "
                   "UNION ALL SELECT 1, 30, ''c'', NULL, 8, 9, 4, 18.5, 2')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"query", ATHLETE_QUERY, 0, 0, 0,
             "a SELECT of runs and of questions, in any order: athlete_id, at (when the run was over, or the "
             "one asked of begins), run (its key), pace_min_km (NULL: a question), day (time in days), "
             "distance_km (NULL in a question: as usual, and so the climb), climb_m_per_km (NULL: flat), "
             "hour "
             "(local, 0 to 24), weekday (0 to 6)"}),
        .summary = "What an athlete's runs that were over say of the pace of another: the mean of the last "
                   "100, each weighing the more, the more it is like the one asked of, and how the athlete "
                   "runs of late. A row for each question.",
        .errors = "a number that is missing or out of range; a query that does not stand on its own or has "
                  "not 9 columns",
        .source = "Nadaraya 1964, Theory Probab Appl 9:141-142; Watson 1964, Sankhya A 26:359-372 (kernel "
                  "regression)",
        .table = &similar_pace_table,
    },
    {
        .name = "active_days",
        .example = "SELECT day, active_days_7d, round(active_share_14d, 3) AS share, days_since_activity, "
                   "longest_gap_28d FROM active_days('VALUES (1, ''2024-03-01'', 1), (1, ''2024-03-02'', 0), "
                   "(1, ''2024-03-03'', 1)')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"query", ATHLETE_QUERY, 0, 0, 0,
             "a SELECT of all days of athletes, in any order: athlete_id, day, is_active (0: "
             "no activity)"},
            {"since", ATHLETE_TEXT, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0,
             "the first day that is asked for: those before it count, but are not answered"}),
        .summary = "How regularly an athlete trains and how he has paused, as of each day: active days of 7, "
                   "28 and 90; "
                   "their share, each day weighing half as much as that 14 or 28 days after it; days since "
                   "the last, "
                   "the longest gap between two that ended within 28 or 90 days or lasts, and the standard "
                   "deviation "
                   "of three or more gaps that ended within 56; breaks of seven days or more of a year, days "
                   "since the "
                   "last, and whether one began 350 to 364 days ago (NULL without that much history).",
        .errors =
            "an is_active that is no number; a query that does not stand on its own or has not 3 columns",
        .table = &active_days_table,
    },
    {.name = NULL},
};

const athlete_domain athlete_rolling = {.name = "rolling", .functions = rolling_functions};
