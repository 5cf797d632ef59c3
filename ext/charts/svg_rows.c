#include "charts/svg_rows.h"

#include <string.h>
#include "base/precondition.h"
#include "base/utf8.h"

double *svg_rows_add(svg_rows *rows) {
    size_t columns = (size_t)rows->columns;
    if (memory_reserve(&rows->budget, &rows->cells, &rows->capacity, (rows->n + 1) * columns) != ATHLETE_OK)
        return NULL;
    return rows->cells + columns * rows->n++;
}

static size_t cut_length(const char *text) {
    size_t length = strlen(text), end = 0, used;
    if (length <= SVG_NAME_BYTES) return length;
    for (; end < SVG_NAME_BYTES; end += used) {
        used = utf8_length(text + end, length - end);
        if (used == 0) used = 1;
        if (end + used > SVG_NAME_BYTES) break;
    }
    return end;
}

athlete_status svg_rows_name(svg_rows *rows, const char *text, bool is_new, size_t *number) {
    size_t length = cut_length(text);
    for (size_t i = 0; !is_new && i < rows->n_names; i++) {
        const char *known = svg_rows_name_of(rows, (double)i);
        if (strlen(known) == length && memcmp(known, text, length) == 0) {
            *number = i;
            return ATHLETE_OK;
        }
    }
    *number = SVG_NAMES_MAX;
    if (rows->n_names == SVG_NAMES_MAX) return ATHLETE_OK;
    athlete_status status =
        memory_reserve(&rows->budget, &rows->name_at, &rows->names_capacity, rows->n_names + 1);
    if (status != ATHLETE_OK) return status;
    rows->names.budget = &rows->budget;
    rows->name_at[rows->n_names] = rows->names.length;
    text_add_bytes(&rows->names, text, length);
    text_add_bytes(&rows->names, "", 1);
    if (rows->names.status != ATHLETE_OK) return rows->names.status;
    *number = rows->n_names++;
    return ATHLETE_OK;
}

const char *svg_rows_name_of(const svg_rows *rows, double number) {
    assert(number >= 0 && number < (double)rows->n_names);
    return rows->names.bytes + rows->name_at[(size_t)number];
}

static void merge_runs(const double *from, double *to, size_t columns, size_t start, size_t middle,
                       size_t end) {
    size_t left = start, right = middle;
    for (size_t i = start; i < end; i++) {
        bool takes_left = left < middle && (right >= end || from[left * columns] <= from[right * columns]);
        size_t source = takes_left ? left++ : right++;
        memcpy(to + i * columns, from + source * columns, columns * sizeof *to);
    }
}

athlete_status svg_rows_sort(svg_rows *rows, athlete_poll *poll) {
    size_t columns = (size_t)rows->columns, n = rows->n, i = 1;
    while (i < n && rows->cells[(i - 1) * columns] <= rows->cells[i * columns]) i++;
    if (i >= n) return ATHLETE_OK;
    double *other = memory_alloc(&rows->budget, n * columns, sizeof *other);
    if (!other) return memory_status(&rows->budget);
    double *from = rows->cells, *to = other;
    for (size_t width = 1; width < n && !poll->stopped; width *= 2) {
        for (size_t start = 0; start < n; start += 2 * width) {
            size_t middle = start + width < n ? start + width : n,
                   end = middle + width < n ? middle + width : n;
            merge_runs(from, to, columns, start, middle, end);
            if (poll_due(poll, (end - start) * columns * 4)) break;
        }
        double *swap = from;
        from = to;
        to = swap;
    }
    if (from != rows->cells) memcpy(rows->cells, from, n * columns * sizeof *from);
    memory_free(&rows->budget, other);
    return poll->stopped ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

void svg_rows_free(svg_rows *rows) {
    memory_free(&rows->budget, rows->cells);
    memory_free(&rows->budget, rows->name_at);
    memory_free(&rows->budget, rows->names.bytes);
    *rows = (svg_rows){.n = 0};
}
