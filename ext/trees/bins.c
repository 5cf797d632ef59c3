#include "trees/bins.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "trees/float_sort.h"

/* How far the run of equal values that starts at `from` reaches. */
static size_t run_end(const float *sorted, size_t n, size_t from) {
    size_t end = from + 1;
    while (end < n && sorted[end] == sorted[from]) end++;
    return end;
}

static size_t count_distinct(const float *sorted, size_t n) {
    size_t distinct = 0;
    for (size_t i = 0; i < n; i = run_end(sorted, n, i)) distinct++;
    return distinct;
}

/* Halfway between two neighbouring values: above `low`, and not above `high` even where no float is between. */
static float cut_between(float low, float high) {
    float middle = (float)(((double)low + (double)high) / 2);
    return middle > low ? middle : high;
}

/* Cuts of about equal numbers of rows, or between any two values if there are few enough. Each bin takes its share of
** the rows that are left, so a value that fills several shares costs one bin and not its neighbours' too. Above the
** last cut is nothing: it is the largest float, so that "present" can be told from "missing" by a split. */
static int find_cuts(const float *sorted, size_t n, int max_bin, float *cuts) {
    if (n == 0) return 0;
    bool every_value = count_distinct(sorted, n) <= (size_t)max_bin;
    int n_cuts = 0;
    size_t bin_start = 0;
    for (size_t end = run_end(sorted, n, 0); end < n && n_cuts < max_bin - 1;) {
        size_t next_end = run_end(sorted, n, end);
        size_t rows = end - bin_start, next_rows = next_end - end;
        if (every_value || (2 * rows + next_rows) * (size_t)(max_bin - n_cuts) >= 2 * (n - bin_start)) {
            cuts[n_cuts++] = cut_between(sorted[end - 1], sorted[end]);
            bin_start = end;
        }
        end = next_end;
    }
    cuts[n_cuts++] = FLT_MAX;
    return n_cuts;
}

/* The number of cuts that are not above x: a binary search whose only branch is its own length. */
static uint8_t find_bin(const float *cuts, int n_bins, float x) {
    int first = 0;
    for (int left = n_bins - 1; left > 0;) { /* the last cut is above everything */
        int half = (left + 1) / 2;
        first += x < cuts[first + half - 1] ? 0 : half;
        left -= half;
    }
    return (uint8_t)first;
}

static athlete_status build_feature(const float *values, int feature, int max_bin, float *sorted,
                                    float *scratch, athlete_poll *poll, bin_matrix *bins) {
    size_t n_features = (size_t)bins->n_features, present = 0;
    for (size_t row = 0; row < bins->n_rows; row++) {
        float x = values[row * n_features + (size_t)feature];
        if (!isnan(x)) sorted[present++] = x;
    }
    float_sort(sorted, scratch, present);
    float *cuts = bins->cuts + bins->offset[feature];
    int n_bins = find_cuts(sorted, present, max_bin, cuts);
    bins->n_bins[feature] = n_bins;
    bins->offset[feature + 1] = bins->offset[feature] + (uint32_t)n_bins + 1;
    if (poll_due(poll, bins->n_rows * 16)) return ATHLETE_INTERRUPTED;
    for (size_t row = 0; row < bins->n_rows; row++) {
        size_t cell = row * n_features + (size_t)feature;
        bins->codes[cell] = isnan(values[cell]) ? (uint8_t)n_bins : find_bin(cuts, n_bins, values[cell]);
        if (row % 4096 == 0 && poll_due(poll, 4096 * 16)) return ATHLETE_INTERRUPTED;
    }
    return ATHLETE_OK;
}

athlete_status bins_build(const float *values, size_t n_rows, int n_features, int max_bin,
                          athlete_budget *budget, athlete_poll *poll, bin_matrix *bins) {
    size_t f = (size_t)n_features;
    *bins = (bin_matrix){.n_rows = n_rows, .n_features = n_features};
    bins->codes = memory_alloc(budget, n_rows, f);
    bins->n_bins = memory_zeroed(budget, f, sizeof *bins->n_bins);
    bins->offset = memory_zeroed(budget, f + 1, sizeof *bins->offset);
    bins->cuts = memory_alloc(budget, f, ((size_t)max_bin + 1) * sizeof *bins->cuts);
    float *sorted = memory_alloc(budget, n_rows, sizeof *sorted);
    float *scratch = memory_alloc(budget, n_rows, sizeof *scratch);
    athlete_status status = ATHLETE_OK;
    if (!bins->codes || !bins->n_bins || !bins->offset || !bins->cuts || !sorted || !scratch)
        status = memory_status(budget);
    for (int feature = 0; status == ATHLETE_OK && feature < n_features; feature++) {
        status = build_feature(values, feature, max_bin, sorted, scratch, poll, bins);
    }
    memory_free(budget, sorted);
    memory_free(budget, scratch);
    return status;
}

void bins_free(athlete_budget *budget, bin_matrix *bins) {
    memory_free(budget, bins->codes);
    memory_free(budget, bins->n_bins);
    memory_free(budget, bins->offset);
    memory_free(budget, bins->cuts);
    *bins = (bin_matrix){.n_rows = 0};
}
