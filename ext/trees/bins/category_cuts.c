#include "trees/bins/category_cuts.h"

#include "base/numbers/float_sort.h"

int category_columns(const value_run *runs, size_t n_runs, int max_bin, double unit) {
    if (max_bin < ATHLETE_MAX_BIN || n_runs <= (size_t)max_bin) return 1;
    size_t telling = 0, each = (size_t)max_bin - 1;
    for (size_t i = 0; i < n_runs; i++) telling += (double)runs[i].rows >= 2 * unit;
    size_t columns = (telling + each - 1) / each;
    if (columns > ATHLETE_MAX_CATEGORY_COLUMNS) return ATHLETE_MAX_CATEGORY_COLUMNS;
    return columns < 1 ? 1 : (int)columns;
}

static bool category_is_after(const value_run *runs, uint32_t a, uint32_t b) {
    return runs[a].rows < runs[b].rows || (runs[a].rows == runs[b].rows && a > b);
}

/* Lets order[at] sink until the runs below it in the heap of n are not after it. */
static void category_sink(const value_run *runs, uint32_t *order, size_t at, size_t n) {
    uint32_t moved = order[at];
    for (size_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && category_is_after(runs, order[child + 1], order[child])) child++;
        if (!category_is_after(runs, order[child], moved)) break;
        order[at] = order[child];
        at = child;
    }
    order[at] = moved;
}

void category_order(const value_run *runs, size_t n_runs, uint32_t *order) {
    for (size_t i = 0; i < n_runs; i++) order[i] = (uint32_t)i;
    for (size_t i = n_runs / 2; i > 0; i--) category_sink(runs, order, i - 1, n_runs);
    for (size_t last = n_runs; last-- > 1;) {
        uint32_t latest = order[0];
        order[0] = order[last];
        order[last] = latest;
        category_sink(runs, order, 0, last);
    }
}

int category_cuts(const value_run *runs, size_t n_runs, const uint32_t *order, int max_bin, int column,
                  float *cuts, float *scratch, bool *shared) {
    *shared = n_runs > (size_t)max_bin;
    size_t most = *shared ? (size_t)max_bin - 1 : n_runs, first = (size_t)column * most, n = n_runs - first;
    if (n > most) n = most;
    for (size_t i = 0; i < n; i++) cuts[i] = runs[order[first + i]].lowest;
    float_sort(cuts, scratch, n);
    size_t lowest = 0;
    while (lowest < n && runs[lowest].lowest == cuts[lowest]) lowest++;
    if (*shared) cuts[n] = runs[lowest].lowest;
    return (int)n + *shared;
}
