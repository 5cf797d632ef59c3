#include "charts/svg_axis.h"

#include <string.h>
#include "base/numbers/date.h"

#define POWERS       23
#define FIRST_POWER  (-6)
#define NARROW_RANGE 1e-5

static const double powers_of_ten[POWERS] = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1,
                                             1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                             1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};

/* A step of `units`, of which `per_unit` make one: exact where 0.1 is not. */
typedef struct axis_step {
    double units, per_unit;
    int decimals;
} axis_step;

static axis_step round_step(double least) {
    static const double mantissas[] = {1, 2, 5};
    for (int i = 0; i < 3 * POWERS; i++) {
        int power = i / 3 + FIRST_POWER;
        if (mantissas[i % 3] * powers_of_ten[i / 3] < least) continue;
        if (power >= 0) return (axis_step){mantissas[i % 3] * powers_of_ten[i / 3], 1, 0};
        return (axis_step){mantissas[i % 3], powers_of_ten[-power - FIRST_POWER], -power};
    }
    return (axis_step){5e16, 1, 0};
}

static axis_step round_time(double least_s) {
    static const int steps[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i] >= least_s) return (axis_step){steps[i], 1, 0};
    }
    axis_step hours = round_step(least_s / 3600);
    return (axis_step){hours.units * 3600, 1, 0};
}

static void widen_range(double *low, double *high) {
    double size = *high < 0 ? -*low : *high, least = size > 1 ? size * NARROW_RANGE : NARROW_RANGE;
    if (*high - *low >= least) return;
    double more = size > 0 ? size * 0.1 : 1;
    if (more < 2 * NARROW_RANGE) more = 2 * NARROW_RANGE;
    *low -= more;
    *high += more;
}

static int64_t whole_below(double x) {
    int64_t n = (int64_t)x;
    return (double)n > x ? n - 1 : n;
}

void svg_number_ticks(svg_ticks *ticks, double *low, double *high, int most, int format, bool low_is_free,
                      bool high_is_free) {
    widen_range(low, high);
    double least = (*high - *low) / (most > 1 ? most : 1);
    axis_step step = format == SVG_TIME ? round_time(least) : round_step(least);
    const double slack = 1e-9; /* of a step: 0.3 is a tick of 0.1 */
    int64_t first = -whole_below(-(*low * step.per_unit / step.units - slack));
    int64_t last = whole_below(*high * step.per_unit / step.units + slack);
    if (low_is_free && (double)first * step.units / step.per_unit > *low) first--;
    if (high_is_free && (double)last * step.units / step.per_unit < *high) last++;
    if (low_is_free) *low = (double)first * step.units / step.per_unit;
    if (high_is_free) *high = (double)last * step.units / step.per_unit;
    ticks->n = 0;
    for (int64_t i = first; i <= last && ticks->n < SVG_TICKS_MAX; i++) {
        svg_tick *tick = &ticks->list[ticks->n++];
        tick->at = (double)i * step.units / step.per_unit;
        svg_label(tick->at, format, step.decimals, tick->label);
    }
}

/* --- days ----------------------------------------------------------------------------------------------- */

const char svg_month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

typedef struct calendar_day {
    int year, month, day;
} calendar_day;

static calendar_day day_parts(int day) {
    char text[ATHLETE_DATE_SIZE];
    date_format(day, text);
    return (calendar_day){(text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] -
                              '0',
                          (text[5] - '0') * 10 + text[6] - '0', (text[8] - '0') * 10 + text[9] - '0'};
}

int svg_month_start(int year, int month) {
    char text[] = "0000-00-01";
    int day = 0;
    for (int i = 3; i >= 0; i--, year /= 10) text[i] = (char)('0' + year % 10);
    text[5] = (char)('0' + month / 10);
    text[6] = (char)('0' + month % 10);
    date_parse(text, &day);
    return day;
}

/* A day with its month: "3 Mar". */
static void day_label(int day, char label[SVG_LABEL_SIZE]) {
    calendar_day parts = day_parts(day);
    svg_label(parts.day, SVG_NUMBER, 0, label);
    size_t length = strlen(label);
    label[length] = ' ';
    memcpy(label + length + 1, svg_month_names[parts.month - 1], 4);
}

static void month_ticks(svg_ticks *ticks, double low, double high, int step) {
    calendar_day first = day_parts((int)low);
    for (int months = (first.year * 12 + first.month - 1) / step * step; ticks->n < SVG_TICKS_MAX;
         months += step) {
        if (months / 12 > 9999) return;
        int day = svg_month_start(months / 12, months % 12 + 1);
        if (day > high) return;
        if (day < low) continue;
        svg_tick *tick = &ticks->list[ticks->n++];
        tick->at = day;
        if (months % 12 == 0) svg_label(months / 12, SVG_NUMBER, 0, tick->label);
        else memcpy(tick->label, svg_month_names[months % 12], 4);
    }
}

void svg_date_ticks(svg_ticks *ticks, double low, double high, int most) {
    static const int days[] = {1, 2, 7, 14};
    static const int months[] = {1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200};
    double span = high - low;
    ticks->n = 0;
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        if (span / days[i] > most) continue;
        int day = (int)low;
        if (days[i] >= 7) day += (7 - date_weekday(day)) % 7;
        for (; day <= high && ticks->n < SVG_TICKS_MAX; day += days[i]) {
            if (day < low) continue;
            ticks->list[ticks->n].at = day;
            day_label(day, ticks->list[ticks->n++].label);
        }
        return;
    }
    size_t i = 0;
    while (i + 1 < sizeof months / sizeof *months && span / 30.4 / months[i] > most) i++;
    month_ticks(ticks, low, high, months[i]);
}
