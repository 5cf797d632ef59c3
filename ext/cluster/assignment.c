#include "cluster/assignment.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/precondition.h"

#define NO_ROW SIZE_MAX

typedef struct assignment {
    const double *cost;
    size_t rows, columns;
    double *row_price, *column_price; /* what they take off every cost of theirs */
    double *shortest;                 /* per column: of the paths found so far */
    size_t *row_of, *before;          /* per column: its row, and the column before it on the path */
    bool *is_done;
} assignment;

/* The end of the shortest path from a free row to a free column, along columns that have rows. */
static size_t shortest_path(assignment *a, size_t row) {
    size_t last = NO_ROW, at = row;
    for (size_t j = 0; j < a->columns; j++) {
        a->shortest[j] = HUGE_VAL;
        a->is_done[j] = false;
    }
    double length = 0;
    for (;;) {
        size_t next = 0;
        double least = HUGE_VAL;
        for (size_t j = 0; j < a->columns; j++) {
            if (a->is_done[j]) continue;
            double to = length + a->cost[at * a->columns + j] - a->row_price[at] - a->column_price[j];
            if (to < a->shortest[j]) {
                a->shortest[j] = to;
                a->before[j] = last;
            }
            if (a->shortest[j] < least) {
                least = a->shortest[j];
                next = j;
            }
        }
        length = least;
        a->is_done[next] = true;
        if (a->row_of[next] == NO_ROW) return next;
        last = next;
        at = a->row_of[next];
    }
}

/* So that what is assigned costs nothing, and nothing else less. */
static void change_prices(assignment *a, size_t row, size_t end) {
    double length = a->shortest[end];
    a->row_price[row] += length;
    for (size_t j = 0; j < a->columns; j++) {
        if (!a->is_done[j] || j == end) continue;
        a->row_price[a->row_of[j]] += length - a->shortest[j];
        a->column_price[j] -= length - a->shortest[j];
    }
}

static void assign_along(assignment *a, size_t row, size_t end) {
    for (; a->before[end] != NO_ROW; end = a->before[end]) a->row_of[end] = a->row_of[a->before[end]];
    a->row_of[end] = row;
}

athlete_status assign_columns(const double *cost, size_t rows, size_t columns, athlete_budget *budget,
                              athlete_poll *poll, size_t *column_of) {
    assert(rows <= columns);
    assignment a = {.cost = cost, .rows = rows, .columns = columns};
    a.row_price = memory_zeroed(budget, rows + 2 * columns, sizeof *a.row_price);
    a.row_of = memory_alloc(budget, 2 * columns, sizeof *a.row_of);
    a.is_done = memory_alloc(budget, columns, sizeof *a.is_done);
    athlete_status status = a.row_price && a.row_of && a.is_done ? ATHLETE_OK : memory_status(budget);
    if (status == ATHLETE_OK) {
        a.column_price = a.row_price + rows;
        a.shortest = a.column_price + columns;
        a.before = a.row_of + columns;
        for (size_t j = 0; j < columns; j++) a.row_of[j] = NO_ROW;
    }
    for (size_t row = 0; row < rows && status == ATHLETE_OK; row++) {
        size_t end = shortest_path(&a, row);
        change_prices(&a, row, end);
        assign_along(&a, row, end);
        if (poll_due(poll, 4 * (row + 1) * columns)) status = ATHLETE_INTERRUPTED;
    }
    for (size_t j = 0; j < columns && status == ATHLETE_OK; j++) {
        if (a.row_of[j] != NO_ROW) column_of[a.row_of[j]] = j;
    }
    memory_free(budget, a.row_price);
    memory_free(budget, a.row_of);
    memory_free(budget, a.is_done);
    return status;
}
