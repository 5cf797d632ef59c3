#include "drift/drift_metrics_sql.h"

#include <math.h>

#define DRIFT_BINS 10

static const char *reason_without(const int64_t *n) {
    if (n[DRIFT_REFERENCE] && n[DRIFT_CURRENT]) return NULL;
    if (!n[DRIFT_REFERENCE] && !n[DRIFT_CURRENT]) return "neither sample has values";
    return n[DRIFT_REFERENCE] ? "the current sample has no values" : "the reference sample has no values";
}

static void set_metric(drift_metric *metric, const char *name, double value, double p, const int64_t *n) {
    const char *reason = reason_without(n);
    if (!reason && !isfinite(value)) reason = "the values are too large";
    if (reason) value = p = NAN;
    *metric = (drift_metric){name, value, p, {n[DRIFT_CURRENT], n[DRIFT_REFERENCE]}, reason};
}

static athlete_status set_distribution_metrics(athlete_budget *budget, athlete_poll *poll,
                                               const drift_rows *rows, drift_metric *metrics) {
    sample reference = drift_rows_numbers(rows, DRIFT_REFERENCE);
    sample current = drift_rows_numbers(rows, DRIFT_CURRENT);
    int64_t n[] = {[DRIFT_CURRENT] = (int64_t)current.n, [DRIFT_REFERENCE] = (int64_t)reference.n};
    ks_result ks = {NAN, NAN, false};
    double distance = NAN;
    athlete_status status = ATHLETE_OK;
    if (!reason_without(n)) {
        status = ks_compare(budget, poll, reference, current, KS_AUTO, &ks);
        if (status == ATHLETE_OK) status = wasserstein_distance(poll, reference, current, &distance);
    }
    set_metric(&metrics[DRIFT_KS], "ks_test", ks.statistic, ks.p, n);
    set_metric(&metrics[DRIFT_WASSERSTEIN], "wasserstein", distance, NAN, n);
    return status;
}

static void set_share_metrics(const int64_t *n, const cell *cells, size_t n_cells, drift_metric *metrics) {
    chi2_result chi2 = chi2_compare(cells, n_cells);
    set_metric(&metrics[DRIFT_PSI], "psi", population_stability(cells, n_cells), NAN, n);
    set_metric(&metrics[DRIFT_JS], "js_distance",
               jensen_shannon_distance(cells, n_cells, 2.71828182845904523536), NAN, n);
    set_metric(&metrics[DRIFT_CHI2], "chi2_test", chi2.statistic, chi2.p, n);
    set_metric(&metrics[DRIFT_TOTAL_VARIATION], "total_variation", total_variation(cells, n_cells), NAN, n);
    set_metric(&metrics[DRIFT_LINF], "linf", greatest_difference(cells, n_cells), NAN, n);
}

bool drift_rows_are_numbers(const drift_rows *rows) {
    return rows->texts.counts.n + rows->blobs.counts.n == 0 &&
           rows->n_numbers[DRIFT_CURRENT] + rows->n_numbers[DRIFT_REFERENCE] > 0;
}

athlete_status drift_measure(athlete_budget *budget, athlete_poll *poll, drift_rows *rows,
                             const int64_t n_rows[2], drift_metric metrics[DRIFT_METRICS]) {
    for (int k = 0; k < DRIFT_METRICS; k++) metrics[k] = (drift_metric){.value = NAN, .p = NAN};
    athlete_status status = drift_rows_sort(budget, poll, rows);
    if (status == ATHLETE_OK && drift_rows_are_numbers(rows))
        status = set_distribution_metrics(budget, poll, rows, metrics);
    cell_list list = {0};
    if (status == ATHLETE_OK) status = drift_rows_cells(budget, poll, rows, DRIFT_BINS, &list);
    if (status == ATHLETE_OK) set_share_metrics(n_rows, list.cells, list.n, metrics);
    memory_free(budget, list.cells);
    return status;
}
