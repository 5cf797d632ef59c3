#include "charts/svg_calendar.h"

#include <math.h>
#include <string.h>
#include "base/numbers/date.h"
#include "charts/svg_axis.h"

#define WEEKS      54
#define MARGIN_PX  28
#define SHADES     4
#define YEAR_UNITS 200000

/* The values of a year's days; NaN where there is none. */
typedef struct year_of_days {
    int year, first, n; /* first is 1 January */
    double days[366];
} year_of_days;

/* What all days are held against: the largest value, and the days that the rows begin and end with. */
typedef struct day_range {
    double largest, from, to;
} day_range;

static int year_of(int day) {
    char text[ATHLETE_DATE_SIZE];
    date_format(day, text);
    return (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
}

/* Takes the rows of the next year; answers the row behind them. */
static size_t take_year(const svg_rows *rows, size_t i, year_of_days *year) {
    year->year = year_of((int)rows->cells[2 * i]);
    year->first = svg_month_start(year->year, 1);
    year->n = svg_month_start(year->year, 12) + 31 - year->first;
    for (int k = 0; k < 366; k++) year->days[k] = NAN;
    for (; i < rows->n && rows->cells[2 * i] < year->first + year->n; i++) {
        double *day = &year->days[(int)rows->cells[2 * i] - year->first];
        *day = isnan(*day) ? rows->cells[2 * i + 1] : *day + rows->cells[2 * i + 1];
    }
    return i;
}

static double largest_day(const svg_rows *rows, size_t *years) {
    double largest = 0;
    year_of_days year;
    *years = 0;
    for (size_t i = 0; i < rows->n; ++*years) {
        i = take_year(rows, i, &year);
        for (int k = 0; k < year.n; k++) {
            if (year.days[k] > largest) largest = year.days[k];
        }
    }
    return largest;
}

static void add_day(const svg_look *look, const year_of_days *year, int k, const day_range *range,
                    double cell, double top, text_buffer *out) {
    int offset = date_weekday(year->first), place = offset + k;
    double value = year->days[k], x = MARGIN_PX + place / 7 * cell, y = top + place % 7 * cell;
    int shade = value > 0 ? 1 + (int)(value / range->largest * (SHADES - 0.001)) : 0;
    char class[] = "q0", date[ATHLETE_DATE_SIZE];
    if (shade > 0) memcpy(class, "f2", 3);
    if (year->first + k < range->from ||
        year->first + k > range->to) { /* a frame: nobody knows of this day */
        svg_box(out, "g", x + 0.5, y + 0.5, cell - 2, cell - 2);
        text_add(out, "/>");
        return;
    }
    svg_box(out, class, x, y, cell - 1, cell - 1);
    if (shade > 0 && shade < SHADES) {
        static const char *const opacities[SHADES] = {"", ".3", ".52", ".75"};
        text_add(out, " fill-opacity=\"");
        text_add(out, opacities[shade]);
        text_add(out, "\"");
    }
    if (!(value > 0)) {
        text_add(out, "/>");
        return;
    }
    date_format(year->first + k, date);
    svg_told(out, look, "rect", date, value);
}

static void add_month_names(const year_of_days *year, double cell, double y, text_buffer *out) {
    int each = cell * 4.3 < 30 ? 3 : 1;
    for (int month = 0; month < 12; month += each) {
        int place = date_weekday(year->first) + svg_month_start(year->year, month + 1) - year->first;
        svg_words(out, MARGIN_PX + place / 7 * cell, y, "start", "m", svg_month_names[month], 60);
    }
}

/* The last year first: what is newest is looked for. */
athlete_status svg_calendar_draw(const svg_look *look, svg_rows *rows, text_buffer *out, athlete_poll *poll) {
    athlete_status status = svg_rows_sort(rows, poll);
    if (status != ATHLETE_OK) return status;
    size_t years;
    double cell = ((double)look->width - MARGIN_PX - 8) / WEEKS;
    day_range range = {largest_day(rows, &years), rows->cells[0], rows->cells[2 * (rows->n - 1)]};
    if (years > SVG_YEARS_MAX) return ATHLETE_INVALID;
    double block = 7 * cell + 36, heading = look->title || look->unit ? 28 : 8;
    svg_open(out, look, (int)(heading + (double)years * block + 4), "Calendar", rows->n);
    svg_heading(out, look);
    double top = heading + (double)years * block;
    for (size_t i = 0; i < rows->n;) {
        year_of_days year;
        i = take_year(rows, i, &year);
        top -= block;
        char name[SVG_LABEL_SIZE];
        svg_label(year.year, SVG_NUMBER, 0, name);
        svg_words(out, MARGIN_PX, top + 12, "start", NULL, name, 60);
        add_month_names(&year, cell, top + 27, out);
        static const char *const weekdays[7] = {"M", "", "W", "", "F", "", "S"};
        for (int k = 0; k < 7; k++) {
            if (weekdays[k][0] && cell >= 10)
                svg_words(out, MARGIN_PX - 8, top + 31 + (k + 1) * cell - 2, "end", "m", weekdays[k], 60);
        }
        for (int k = 0; k < year.n; k++) add_day(look, &year, k, &range, cell, top + 31, out);
        if (poll_due(poll, YEAR_UNITS)) return ATHLETE_INTERRUPTED;
    }
    svg_close(out);
    return out->status;
}
