#include "trees/boosting/score_update_fused.h"

#include "base/numbers/fixed_point.h"
#include "trees/learner/leaf_rows.h"

#define FUSED_BLOCK_ROWS      512 /* whose gradients are in the first-level cache */
#define FUSED_MIN_SHARED_ROWS 8192

typedef struct refit_job {
    const fused_update *r;
    grower *g;
    float *margins;
    size_t part_rows;
    struct {
        gradient_measures measures;
        double largest_loss;
        int64_t loss;
        char apart[64]; /* hands write on cache lines of their own */
    } of[ATHLETE_MAX_THREADS];
} refit_job;

static void add_leaf_values(const refit_job *job, size_t begin, size_t end) {
    const grower *g = job->g;
    float *restrict margins = job->margins;
    for (size_t id = 0; id < g->n_nodes; id++) {
        if (g->nodes[id].left >= 0) continue;
        const uint32_t *rows = g->rows + g->grown[id].begin;
        size_t n = g->grown[id].end - g->grown[id].begin;
        const uint32_t *row = rows + rows_before(rows, n, begin, g->bins->n_rows), *stop = rows + n;
        float value = g->nodes[id].value;
        for (; row < stop && *row < end; row++) margins[*row] += value;
    }
}

static void fused_update_part(void *argument, size_t part, pool_hand *hand) {
    refit_job *job = argument;
    const fused_update *r = job->r;
    grower *g = job->g;
    size_t begin = part * job->part_rows, end = g->bins->n_rows;
    end = end - begin < job->part_rows ? end : begin + job->part_rows;
    add_leaf_values(job, begin, end);
    gradient_measures measures = job->of[hand->number].measures;
    double gradients[FUSED_BLOCK_ROWS], hessians[FUSED_BLOCK_ROWS], losses[FUSED_BLOCK_ROWS];
    double largest = job->of[hand->number].largest_loss;
    int64_t loss = 0;
    for (size_t start = begin; start < end; start += FUSED_BLOCK_ROWS) {
        size_t n = end - start < FUSED_BLOCK_ROWS ? end - start : FUSED_BLOCK_ROWS;
        const objective_rows rows = {n, job->margins + start, r->labels + start, gradients, hessians, losses};
        objective_gradients(r->objective, &rows);
        gradients_round(&g->gradients, g->bins, start, n, gradients, hessians, &measures);
        double block_largest = fixed_point_largest(losses, n);
        largest = block_largest > largest ? block_largest : largest;
        if (fixed_point_sum_scale(largest, r->weights->total) < r->loss_scale) continue;
        const uint32_t *units = r->weights->units ? r->weights->units + start : NULL;
        loss += fixed_point_add(losses, units, n, r->loss_scale);
    }
    job->of[hand->number].measures = measures;
    job->of[hand->number].largest_loss = largest;
    job->of[hand->number].loss += loss;
    pool_due(hand, 20 * (end - begin) + 30 * g->n_nodes);
}

athlete_status fused_update_rows(fused_update *r, grower *g, float *margins, bool *good, double *loss) {
    refit_job job = {.r = r, .g = g, .margins = margins, .part_rows = leaf_block_rows(g->n_nodes / 2 + 1)};
    gradient_measures measures = {.smallest_hessian = INFINITY};
    for (int hand = 0; hand < ATHLETE_MAX_THREADS; hand++) job.of[hand].measures = measures;
    size_t n = g->bins->n_rows;
    athlete_status status = pool_run_if(n >= FUSED_MIN_SHARED_ROWS, g->pool,
                                        (n + job.part_rows - 1) / job.part_rows, fused_update_part, &job);
    double largest = 0;
    int64_t sum = 0;
    for (int hand = 0; hand < ATHLETE_MAX_THREADS; hand++) {
        gradient_measures_add(&measures, &job.of[hand].measures);
        largest = job.of[hand].largest_loss > largest ? job.of[hand].largest_loss : largest;
        sum += job.of[hand].loss;
    }
    double scale = fixed_point_sum_scale(largest, r->weights->total);
    *good = gradients_settle(&g->gradients, &measures) && scale == r->loss_scale;
    *loss = (double)sum / scale;
    r->loss_scale = scale;
    return status;
}
