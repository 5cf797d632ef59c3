#include "cluster/cluster_train.h"

#include <string.h>
#include "cluster/assignment.h"

/* The rows in the order given. */
static athlete_status reorder(cluster_rows *rows, const uint32_t *order, athlete_budget *budget) {
    double *x = memory_alloc(budget, rows->n * rows->width, sizeof *x);
    if (!x) return memory_status(budget);
    for (size_t i = 0; i < rows->n; i++)
        memcpy(x + i * rows->width, rows->x + order[i] * rows->width, rows->width * sizeof *x);
    memory_free(budget, rows->x);
    rows->x = x;
    rows->capacity = rows->n * rows->width;
    return ATHLETE_OK;
}

athlete_status cluster_rows_prepare(cluster_rows *rows, double *means, double *scales, size_t *n_different,
                                    athlete_budget *budget, athlete_poll *poll) {
    athlete_status status = points_scales(rows->x, rows->n, rows->width, poll, means, scales);
    if (status != ATHLETE_OK) return status;
    for (size_t j = 0; j < rows->width && rows->keeps_scale; j++) scales[j] = 1;
    points_standardise(rows->x, rows->n, rows->width, means, scales);
    if (poll_due(poll, 5 * rows->n * rows->width)) return ATHLETE_INTERRUPTED;
    uint32_t *order = memory_alloc(budget, rows->n, sizeof *order);
    if (!order) return memory_status(budget);
    const points of = {rows->x, rows->n, rows->width};
    status = points_order(&of, budget, poll, order, n_different);
    if (status == ATHLETE_OK) status = reorder(rows, order, budget);
    memory_free(budget, order);
    return status;
}

/* --- ids ------------------------------------------------------------------------------------------------ */

/* How far cluster b of the earlier model lies from cluster a of this one, in this one's units, squared. */
static double distance_between(const cluster_model *model, size_t a, const cluster_model *previous,
                               size_t b) {
    double sum = 0;
    for (size_t j = 0; j < model->width; j++) {
        double raw = cluster_center(previous, b, j);
        double difference = (raw - model->means[j]) / model->scales[j] - model->centres[a * model->width + j];
        sum += difference * difference;
    }
    return sum < CLUSTER_LARGEST ? sum : CLUSTER_LARGEST;
}

static void give_ids(cluster_model *model, const cluster_model *previous, const size_t *of_smaller) {
    bool more = model->k > previous->k;
    double next = 0;
    for (size_t b = 0; b < previous->k; b++) next = previous->ids[b] >= next ? previous->ids[b] + 1 : next;
    for (size_t a = 0; a < model->k; a++) model->ids[a] = more ? -1 : previous->ids[of_smaller[a]];
    for (size_t b = 0; b < previous->k && more; b++) model->ids[of_smaller[b]] = previous->ids[b];
    for (size_t a = 0; a < model->k; a++) {
        if (model->ids[a] < 0) model->ids[a] = next++;
    }
}

static athlete_status match_clusters(cluster_model *model, const cluster_model *previous,
                                     athlete_budget *budget, athlete_poll *poll) {
    bool more = model->k > previous->k;
    size_t rows = more ? previous->k : model->k, columns = more ? model->k : previous->k;
    double *cost = memory_alloc(budget, rows * columns, sizeof *cost);
    size_t *column_of = memory_alloc(budget, rows, sizeof *column_of);
    athlete_status status = cost && column_of ? ATHLETE_OK : memory_status(budget);
    for (size_t i = 0; i < rows && status == ATHLETE_OK; i++) {
        for (size_t j = 0; j < columns; j++)
            cost[i * columns + j] = distance_between(model, more ? j : i, previous, more ? i : j);
        if (poll_due(poll, 8 * columns * model->width)) status = ATHLETE_INTERRUPTED;
    }
    if (status == ATHLETE_OK) status = assign_columns(cost, rows, columns, budget, poll, column_of);
    if (status == ATHLETE_OK) give_ids(model, previous, column_of);
    memory_free(budget, cost);
    memory_free(budget, column_of);
    return status;
}

/* --- training ------------------------------------------------------------------------------------------- */

static athlete_status find_clusters(const cluster_rows *rows, const kmeans_options *options,
                                    athlete_budget *budget, athlete_poll *poll, cluster_model *model,
                                    size_t *iterations) {
    const points of = {rows->x, rows->n, rows->width};
    kmeans_result result = {.centres = model->centres,
                            .labels = memory_alloc(budget, rows->n, sizeof(uint32_t))};
    if (!result.labels) return memory_status(budget);
    athlete_status status = kmeans(&of, options, budget, poll, &result);
    for (size_t c = 0; c < model->k; c++) {
        model->ids[c] = (double)c;
        model->sizes[c] = 0;
    }
    for (size_t i = 0; i < rows->n && status == ATHLETE_OK; i++) model->sizes[result.labels[i]]++;
    model->rows = (double)rows->n;
    model->inertia = result.inertia;
    *iterations = result.iterations;
    memory_free(budget, result.labels);
    return status;
}

athlete_status cluster_train(cluster_rows *rows, const kmeans_options *options, const cluster_model *previous,
                             athlete_budget *budget, athlete_poll *poll, cluster_model *model,
                             size_t *iterations, athlete_fault *fault) {
    size_t n_different = 0;
    athlete_status status = cluster_model_open(budget, options->k, rows->width, model);
    if (status != ATHLETE_OK) return status;
    if (previous && previous->width != rows->width)
        return fault_refuse(fault, "the previous model has %zu features, the rows have %zu", previous->width,
                            rows->width);
    status = cluster_rows_prepare(rows, model->means, model->scales, &n_different, budget, poll);
    if (status == ATHLETE_OK && n_different < options->k)
        return fault_refuse(fault, "%zu clusters need as many different rows, there are %zu", options->k,
                            n_different);
    if (status == ATHLETE_OK) status = find_clusters(rows, options, budget, poll, model, iterations);
    return status == ATHLETE_OK && previous ? match_clusters(model, previous, budget, poll) : status;
}
