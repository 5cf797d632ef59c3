#include "charts/svg_plot_range.h"

#include <math.h>
#include "statistics/number_sort.h"
#include "statistics/sorted_quantile.h"

#define FAR_OUT          3.0
#define DOTS_WITH_FENCES 8

static void include(double value, double *low, double *high) {
    if (value < *low) *low = value; /* comparisons with NaN are false */
    if (value > *high) *high = value;
}

static bool is_dot(svg_mark mark) {
    return mark == SVG_DOT || mark == SVG_RING;
}

/* Where dots are far out (Tukey, Exploratory Data Analysis, 1977): beyond the quartiles by three times what lies between them. One
** such would flatten all others. Few dots, or those of which half are alike, have no fences. */
static athlete_status find_fences(const svg_area *area, double *low, double *high) {
    const svg_plot *plot = area->plot;
    svg_rows *rows = area->rows;
    size_t n = 0;
    *low = -HUGE_VAL;
    *high = HUGE_VAL;
    for (int k = 0; k < plot->n_series; k++) n += is_dot(plot->marks[k]) ? rows->n : 0;
    if (n < DOTS_WITH_FENCES) return ATHLETE_OK;
    double *values = memory_alloc(&rows->budget, n, sizeof *values);
    if (!values) return memory_status(&rows->budget);
    n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        for (int k = 0; k < plot->n_series; k++) {
            double y = svg_area_row(area, i)[k + 1];
            if (is_dot(plot->marks[k]) && !isnan(y)) values[n++] = y;
        }
    }
    athlete_status status = number_sort(&rows->budget, area->poll, values, n);
    if (status == ATHLETE_OK && n >= DOTS_WITH_FENCES) {
        double first = sorted_quantile(values, n, 0.25), third = sorted_quantile(values, n, 0.75);
        if (third > first) {
            *low = first - FAR_OUT * (third - first);
            *high = third + FAR_OUT * (third - first);
        }
    }
    memory_free(&rows->budget, values);
    return status;
}

/* Over all rows but what is hatched and dots beyond the fences; bars stand on 0 and, where they share an x, on one another. */
static athlete_status find_y_range(svg_area *area) {
    const svg_plot *plot = area->plot;
    double low = HUGE_VAL, high = -HUGE_VAL, least, most;
    athlete_status status = find_fences(area, &least, &most);
    if (status != ATHLETE_OK) return status;
    svg_stack stack = {.x = NAN};
    for (size_t i = 0; i < area->rows->n; i++) {
        const double *row = svg_area_row(area, i);
        for (int k = 0; k < plot->n_series; k++) {
            double y = row[k + 1];
            if (plot->marks[k] == SVG_HATCH || isnan(y)) continue;
            if (is_dot(plot->marks[k]) && (y < least || y > most)) continue;
            if (plot->marks[k] == SVG_BAR) {
                double from = svg_stack_add(&stack, row[0], y);
                include(from, &low, &high);
                y += from;
            }
            include(y, &low, &high);
        }
        if (poll_due(area->poll, (size_t)plot->n_series * 4)) return ATHLETE_INTERRUPTED;
    }
    if (!(low <= high)) low = 0, high = 1;
    if (!isnan(plot->y_min)) low = plot->y_min;
    if (!isnan(plot->y_max)) high = plot->y_max;
    if (low > high) low = high = isnan(plot->y_min) ? high : low;
    area->low = low;
    area->high = high;
    return ATHLETE_OK;
}

static void find_x_range(svg_area *area) {
    const svg_rows *rows = area->rows;
    double first = svg_area_row(area, 0)[0], last = svg_area_row(area, rows->n - 1)[0], gap = HUGE_VAL;
    for (size_t i = 1; i < rows->n; i++) {
        double step = svg_area_row(area, i)[0] - svg_area_row(area, i - 1)[0];
        if (step > 0 && step < gap) gap = step;
    }
    if (area->plot->x == SVG_X_TEXT) first = 0, last = (double)rows->n_names - 1, gap = 1;
    if (!(gap < HUGE_VAL)) gap = 1;
    bool has_bars = area->plot->x == SVG_X_TEXT || first == last;
    for (int k = 0; k < area->plot->n_series; k++)
        has_bars |= area->plot->marks[k] == SVG_BAR || area->plot->marks[k] == SVG_HATCH;
    area->first = first - (has_bars ? gap / 2 : 0);
    area->last = last + (has_bars ? gap / 2 : 0);
    area->gap = gap;
}

athlete_status svg_area_ranges(svg_area *area) {
    find_x_range(area);
    return find_y_range(area);
}
