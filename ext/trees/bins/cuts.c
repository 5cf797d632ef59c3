#include "trees/bins/cuts.h"

#include <float.h>
#include "base/precondition.h"

size_t runs_of_sorted(const float *sorted, const uint32_t *rows, size_t n, value_run *runs) {
    size_t n_runs = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t here = rows ? rows[i] : 1;
        if (here == 0) continue;
        if (n_runs > 0 && runs[n_runs - 1].highest == sorted[i]) runs[n_runs - 1].rows += here;
        else runs[n_runs++] = (value_run){sorted[i], sorted[i], here};
    }
    return n_runs;
}

/* Halfway between two neighbouring values: above `low`, and not above `high` even where no float is between. */
static float cut_between(float low, float high) {
    float middle = (float)(((double)low + (double)high) / 2);
    return middle > low ? middle : high;
}

/* Bins of about equal numbers of rows, or one per run if there are few enough. Each bin takes its share of the rows that are
** left, so a value that fills several shares costs one bin and not its neighbours' too. Above the last cut is nothing: it is
** the largest float, so that "present" can be told from "missing" by a split. */
int cuts_between(const value_run *runs, size_t n_runs, int max_bin, float *cuts) {
    assert(max_bin > 1);
    if (n_runs == 0) return 0;
    uint64_t left = 0, bin = runs[0].rows;
    for (size_t i = 0; i < n_runs; i++) left += runs[i].rows;
    int n_cuts = 0;
    for (size_t i = 1; i < n_runs && n_cuts < max_bin - 1; i++) {
        uint64_t bins_left = (uint64_t)(max_bin - n_cuts);
        if (n_runs <= (size_t)max_bin || (2 * bin + runs[i].rows) * bins_left >= 2 * left) {
            cuts[n_cuts++] = cut_between(runs[i - 1].highest, runs[i].lowest);
            left -= bin;
            bin = 0;
        }
        bin += runs[i].rows;
    }
    cuts[n_cuts++] = FLT_MAX;
    return n_cuts;
}
