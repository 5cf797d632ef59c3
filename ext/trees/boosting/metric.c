#include "trees/boosting/metric.h"

#include <math.h>
#include "base/numbers/fixed_point.h"
#include "base/numbers/float_sort.h"

#define LABEL_UNITS 1024 /* of a label of 1, where labels are shares: sums of integers have no order */

athlete_status metric_begin(metric_scratch *scratch, metric_kind kind, size_t n, athlete_budget *budget) {
    if (kind != METRIC_AUC) return ATHLETE_OK;
    scratch->scores = memory_alloc(budget, 2 * n, sizeof *scratch->scores);
    scratch->rows = memory_alloc(budget, 2 * n, sizeof *scratch->rows);
    return scratch->scores && scratch->rows ? ATHLETE_OK : memory_status(budget);
}

void metric_end(metric_scratch *scratch, athlete_budget *budget) {
    memory_free(budget, scratch->scores);
    memory_free(budget, scratch->rows);
    scratch->scores = NULL;
    scratch->rows = NULL;
}

/* Of one row, whose outputs are out[0], out[1], … */
static double row_loss(metric_kind kind, const forest *model, const float *out, float label) {
    double difference = (double)out[0] - (double)label;
    switch (kind) {
    case METRIC_RMSE: return difference * difference;
    case METRIC_MAE: return fabs(difference);
    case METRIC_ERROR: return out[0] > 0.5f ? 1 - (double)label : (double)label;
    case METRIC_CLASS_ERROR: return forest_likeliest(model, out) != (int)label;
    case METRIC_AUC:
    case METRIC_OF_OBJECTIVE: break;
    }
    return 0;
}

/* The chance that a row of label 1 is above one of label 0, half of it where they are equal: sums over rows of equal scores are of
** integers, and those are added up from the lowest score on. */
static double area_under_curve(const objective_rows *rows, const row_weights *weights,
                               const metric_scratch *scratch) {
    size_t n = rows->n;
    float *scores = scratch->scores;
    for (size_t i = 0; i < n; i++) {
        scores[i] = rows->margins[i];
        scratch->rows[i] = (uint32_t)i;
    }
    float_sort_pairs(scores, scratch->rows, scores + n, scratch->rows + n, n);
    double area = 0, below = 0, all = 0;
    for (size_t i = 0; i < n;) {
        int64_t of_1 = 0, of_0 = 0;
        for (float score = scores[i]; i < n && scores[i] == score; i++) {
            uint32_t row = scratch->rows[i];
            int64_t units = weights->units ? (int64_t)weights->units[row] : 1,
                    share = (int64_t)((double)rows->labels[row] * LABEL_UNITS + 0.5);
            of_1 += units * share;
            of_0 += units * (LABEL_UNITS - share);
        }
        area += (double)of_1 * (below + (double)of_0 / 2);
        below += (double)of_0;
        all += (double)of_1;
    }
    return area / below / all;
}

double metric_value(metric_kind kind, const forest *model, const objective_rows *rows,
                    const row_weights *weights, const metric_scratch *scratch) {
    if (kind == METRIC_AUC) return area_under_curve(rows, weights, scratch);
    float out[ATHLETE_MODEL_MAX_OUTPUTS];
    for (size_t i = 0; i < rows->n; i++) {
        for (int k = 0; k < model->n_outputs; k++) out[k] = rows->margins[(size_t)k * rows->n + i];
        if (kind != METRIC_CLASS_ERROR) forest_outputs(model, out);
        scratch->losses[i] = row_loss(kind, model, out, rows->labels[i]);
    }
    double sum = fixed_point_sum(scratch->losses, weights->units, weights->total, rows->n);
    double mean = sum / (double)weights->total;
    return kind == METRIC_RMSE ? sqrt(mean) : mean;
}
