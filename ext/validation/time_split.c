#include "validation/time_split.h"

#include "base/numbers/date.h"

/* --- by row number -------------------------------------------------------------------------------------- */

static int64_t test_begin(const row_split *s) {
    return s->n_rows - (s->n_splits - s->fold) * s->test_size;
}

static int64_t part_end(const row_split *s) {
    return s->in_test ? test_begin(s) + s->test_size : test_begin(s) - s->gap;
}

athlete_status row_split_begin(row_split *split, int64_t n_rows, int64_t n_splits, int64_t gap,
                               int64_t test_size, athlete_fault *fault) {
    if (n_splits + 1 > n_rows) {
        return fault_refuse(fault, "%lld splits need at least %lld rows, there are %lld", (long long)n_splits,
                            (long long)n_splits + 1, (long long)n_rows);
    }
    if (test_size == 0) test_size = n_rows / (n_splits + 1);
    if (test_size > n_rows / n_splits || n_rows - gap - test_size * n_splits <= 0) {
        return fault_refuse(fault,
                            "%lld tests of %lld rows after a gap of %lld leave none of %lld rows to train on",
                            (long long)n_splits, (long long)test_size, (long long)gap, (long long)n_rows);
    }
    *split =
        (row_split){.n_rows = n_rows, .n_splits = n_splits, .gap = gap, .test_size = test_size, .row = -1};
    return ATHLETE_OK;
}

bool row_split_next(row_split *split) {
    if (++split->row < part_end(split)) return true;
    if (split->in_test) {
        if (++split->fold == split->n_splits) return false;
        split->in_test = false;
        split->row = 0;
    } else {
        split->in_test = true;
        split->row = test_begin(split);
    }
    return true; /* both parts have at least one row */
}

/* --- by date -------------------------------------------------------------------------------------------- */

/* Counting sort, stable: `next` has one slot per calendar day from `first` on and one more. */
static void sort_by_day(const int *days, size_t n, int first, size_t n_days, size_t *next, size_t *order) {
    for (size_t d = 0; d <= n_days; d++) next[d] = 0;
    for (size_t i = 0; i < n; i++) next[days[i] - first + 1]++;
    for (size_t d = 0; d < n_days; d++) next[d + 1] += next[d];
    for (size_t i = 0; i < n; i++) order[next[days[i] - first]++] = i;
}

/* The first position in `order` whose day is not before `day`. */
static size_t first_not_before(const int *days, const size_t *order, size_t n, int64_t day) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (days[order[middle]] < day) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* The positions in `order` at which each distinct day begins, into `starts`; returns how many days there are. */
static size_t day_starts(const int *days, const size_t *order, size_t n, size_t *starts) {
    size_t n_days = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || days[order[i]] != days[order[i - 1]]) starts[n_days++] = i;
    }
    return n_days;
}

static athlete_status cut_folds(const int *days, size_t n, const size_t *starts, size_t n_days,
                                size_t n_splits, int embargo_days, date_split *split, athlete_fault *fault) {
    if (n_splits + 1 > n_days) {
        return fault_refuse(fault, "%zu splits need rows of at least %zu days, there are %zu", n_splits,
                            n_splits + 1, n_days);
    }
    for (size_t k = 0; k < n_splits; k++) {
        size_t from_day = (k + 1) * n_days / (n_splits + 1), to_day = (k + 2) * n_days / (n_splits + 1);
        date_fold *fold = &split->folds[k];
        fold->test_begin = starts[from_day];
        fold->test_end = to_day < n_days ? starts[to_day] : n;
        int first_test_day = days[split->order[fold->test_begin]];
        fold->train_end = first_not_before(days, split->order, n, (int64_t)first_test_day - embargo_days);
        if (fold->train_end == 0) {
            char date[ATHLETE_DATE_SIZE];
            date_format(first_test_day, date);
            return fault_refuse(
                fault, "fold %zu is tested from %s on, and an embargo of %d days leaves no row to train on",
                k, date, embargo_days);
        }
    }
    return ATHLETE_OK;
}

athlete_status date_split_build(const int *days, size_t n_rows, int64_t n_splits, int embargo_days,
                                athlete_budget *budget, date_split *split, athlete_fault *fault) {
    *split = (date_split){.order = NULL};
    int first = n_rows > 0 ? days[0] : 0, last = first;
    for (size_t i = 1; i < n_rows; i++) {
        first = days[i] < first ? days[i] : first;
        last = days[i] > last ? days[i] : last;
    }
    size_t n_calendar_days = (size_t)(last - first) + 1;
    split->order = memory_alloc(budget, n_rows, sizeof *split->order);
    split->folds = memory_alloc(budget, (size_t)n_splits, sizeof *split->folds);
    size_t *scratch =
        memory_alloc(budget, n_calendar_days + 1 > n_rows ? n_calendar_days + 1 : n_rows, sizeof *scratch);
    athlete_status status = memory_status(budget);
    if (split->order && split->folds && scratch) {
        sort_by_day(days, n_rows, first, n_calendar_days, scratch, split->order);
        size_t n_days = day_starts(days, split->order, n_rows, scratch);
        status = cut_folds(days, n_rows, scratch, n_days, (size_t)n_splits, embargo_days, split, fault);
    }
    memory_free(budget, scratch);
    return status;
}

void date_split_free(athlete_budget *budget, date_split *split) {
    memory_free(budget, split->order);
    memory_free(budget, split->folds);
    *split = (date_split){.order = NULL};
}
