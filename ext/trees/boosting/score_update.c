#include "trees/boosting/score_update.h"

#include <string.h>
#include "base/numbers/fixed_point.h"
#include "trees/model/predict.h"

#define UPDATE_PART_ROWS       8192
#define UPDATE_MIN_SHARED_ROWS (4 * UPDATE_PART_ROWS)

static size_t parts_of(size_t n) {
    return (n + UPDATE_PART_ROWS - 1) / UPDATE_PART_ROWS;
}

static size_t part_rows(size_t part, size_t n) {
    return n - part * UPDATE_PART_ROWS < UPDATE_PART_ROWS ? n - part * UPDATE_PART_ROWS : UPDATE_PART_ROWS;
}

/* --- margins -------------------------------------------------------------------------------------------- */

typedef struct margin_job {
    const grower *g;
    size_t n;
    float *margins;
} margin_job;

static void advance_leaf(void *argument, size_t id, pool_hand *hand) {
    margin_job *job = argument;
    const grower *g = job->g;
    if (g->nodes[id].left >= 0) return;
    float value = g->nodes[id].value;
    uint32_t begin = g->grown[id].begin, end = g->grown[id].end;
    for (uint32_t i = begin; i < end; i++) job->margins[g->rows[i]] += value;
    pool_due(hand, 2 * (size_t)(end - begin));
}

static void advance_unseen(void *argument, size_t part, pool_hand *hand) {
    margin_job *job = argument;
    size_t start = part * UPDATE_PART_ROWS, n = part_rows(part, job->n);
    for (size_t row = start; row < start + n; row++)
        job->margins[row] += job->g->nodes[grower_leaf(job->g, row)].value;
    pool_due(hand, 30 * n);
}

athlete_status score_update_margins(const grower *g, size_t n_seen, size_t n, float *margins) {
    margin_job job = {g, n, margins};
    bool shared = n >= UPDATE_MIN_SHARED_ROWS;
    if (n_seen < n) return pool_run_if(shared, g->pool, parts_of(n), advance_unseen, &job);
    return pool_run_if(shared, g->pool, g->n_nodes, advance_leaf, &job);
}

typedef struct forest_job {
    const forest *model;
    const float *values;
    size_t n_features, n;
    float *margins;
} forest_job;

static void find_margins(void *argument, size_t part, pool_hand *hand) {
    forest_job *job = argument;
    size_t start = part * UPDATE_PART_ROWS, n = part_rows(part, job->n);
    memset(job->margins + start, 0, n * sizeof *job->margins);
    for (size_t tree = 0; tree < job->model->n_trees; tree++) {
        for (size_t row = start; row < start + n; row++)
            job->margins[row] += forest_leaf(job->model, tree, job->values + row * job->n_features, 1)->value;
        if (pool_due(hand, 30 * n)) return;
    }
}

athlete_status score_update_from_zero(const forest *model, const float *values, int n_features, size_t n,
                                      athlete_pool *pool, float *margins) {
    forest_job job = {model, values, (size_t)n_features, n, margins};
    return pool_run_if(n >= UPDATE_MIN_SHARED_ROWS, pool, parts_of(n), find_margins, &job);
}

/* --- gradients ------------------------------------------------------------------------------------------ */

typedef struct gradient_job {
    const objective *o;
    const objective_rows *rows;
} gradient_job;

static void score_update_gradient_part(void *argument, size_t part, pool_hand *hand) {
    gradient_job *job = argument;
    const objective_rows *all = job->rows;
    size_t start = part * UPDATE_PART_ROWS;
    const objective_rows rows = {.n = part_rows(part, all->n),
                                 .margins = all->margins + start,
                                 .labels = all->labels + start,
                                 .gradients = all->gradients + start,
                                 .hessians = all->hessians + start,
                                 .losses = all->losses + start};
    objective_gradients(job->o, &rows);
    pool_due(hand, 10 * rows.n);
}

/* Rows with several margins are not cut into parts: a part's margins would be further apart than its rows. */
athlete_status score_update_gradients(const objective *o, const objective_rows *rows, athlete_pool *pool) {
    gradient_job job = {o, rows};
    if (objective_outputs(o) == 1)
        return pool_run_if(rows->n >= UPDATE_MIN_SHARED_ROWS, pool, parts_of(rows->n),
                           score_update_gradient_part, &job);
    objective_gradients(o, rows);
    return pool_due(&pool->hands[0], 20 * rows->n) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

/* --- loss ----------------------------------------------------------------------------------------------- */

typedef struct loss_job {
    const double *losses;
    const uint32_t *units;
    size_t n;
    double scale;
    struct {
        double largest;
        int64_t sum;
        char apart[48]; /* hands write on cache lines of their own */
    } of[ATHLETE_MAX_THREADS];
} loss_job;

static void find_largest(void *argument, size_t part, pool_hand *hand) {
    loss_job *job = argument;
    double largest = fixed_point_largest(job->losses + part * UPDATE_PART_ROWS, part_rows(part, job->n));
    if (largest > job->of[hand->number].largest) job->of[hand->number].largest = largest;
}

static void add_losses(void *argument, size_t part, pool_hand *hand) {
    loss_job *job = argument;
    size_t start = part * UPDATE_PART_ROWS, n = part_rows(part, job->n);
    const uint32_t *units = job->units ? job->units + start : NULL;
    job->of[hand->number].sum += fixed_point_add(job->losses + start, units, n, job->scale);
    pool_due(hand, n);
}

athlete_status score_update_loss(const double *losses, const row_weights *weights, size_t n,
                                 athlete_pool *pool, double *sum) {
    loss_job job = {.losses = losses, .units = weights->units, .n = n};
    bool shared = n >= UPDATE_MIN_SHARED_ROWS;
    athlete_status status = pool_run_if(shared, pool, parts_of(n), find_largest, &job);
    double largest = 0;
    for (int hand = 0; hand < ATHLETE_MAX_THREADS; hand++)
        largest = job.of[hand].largest > largest ? job.of[hand].largest : largest;
    job.scale = fixed_point_sum_scale(largest, weights->total);
    if (status == ATHLETE_OK) status = pool_run_if(shared, pool, parts_of(n), add_losses, &job);
    int64_t total = 0;
    for (int hand = 0; hand < ATHLETE_MAX_THREADS; hand++) total += job.of[hand].sum;
    *sum = (double)total / job.scale;
    return status;
}
