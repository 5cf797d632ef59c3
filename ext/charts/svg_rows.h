/* The rows of a picture, as they come: numbers, and texts that are known by their number. */
#ifndef ATHLETE_CHARTS_SVG_ROWS_H
#define ATHLETE_CHARTS_SVG_ROWS_H

#include <stdbool.h>
#include "base/poll.h"
#include "base/text/text_buffer.h"

#define SVG_ROWS_MAX   20000 /* 54 years of days; more are no picture to look at */
#define SVG_NAMES_MAX  200
#define SVG_NAME_BYTES 400

/* All zeros is none. */
typedef struct svg_rows {
    athlete_budget budget;
    int columns;
    size_t n, capacity;
    double *cells; /* columns of each row; NaN for NULL */
    size_t n_names, names_capacity;
    size_t *name_at; /* in `names`, where each is terminated */
    text_buffer names;
} svg_rows;

/* A row of `columns` cells, which are the caller's to fill; NULL when there is no memory (memory_status of the budget). */
double *svg_rows_add(svg_rows *rows);

/* The number of a text, cut to SVG_NAME_BYTES; where `is_new` it gets one of its own, otherwise that of the same text if there was one.
** SVG_NAMES_MAX when there are too many. */
athlete_status svg_rows_name(svg_rows *rows, const char *text, bool is_new, size_t *number);
const char *svg_rows_name_of(const svg_rows *rows, double number);

/* By the first cell, rows of the same in their order. */
athlete_status svg_rows_sort(svg_rows *rows, athlete_poll *poll);
void svg_rows_free(svg_rows *rows);

#endif
