#include "trees/learner/adopt.h"

#include <string.h>
#include "trees/model/predict.h"

#define ADOPT_PART_ROWS 8192

typedef struct adopt_job {
    grower *g;
    const forest *model;
    size_t tree;
    const float *values;
} adopt_job;

static void find_leaves(void *argument, size_t part, pool_hand *hand) {
    adopt_job *job = argument;
    const forest *model = job->model;
    const tree_node *nodes = model->nodes + forest_tree_start(model, job->tree);
    size_t row = part * ADOPT_PART_ROWS, n = job->g->bins->n_rows - row;
    n = n < ADOPT_PART_ROWS ? n : ADOPT_PART_ROWS;
    for (size_t end = row + n; row < end; row++) {
        const float *x = job->values + row * (size_t)model->n_features;
        job->g->scratch[row] = (uint32_t)(forest_leaf(model, job->tree, x, 1) - nodes);
    }
    pool_due(hand, 30 * n);
}

static athlete_status take_nodes(grower *g, const forest *model, size_t tree) {
    size_t start = forest_tree_start(model, tree), n = model->tree_end[tree] - start;
    grower_forget(g);
    athlete_status status = memory_reserve(g->budget, &g->grown, &g->grown_capacity, n);
    if (status == ATHLETE_OK) status = memory_reserve(g->budget, &g->nodes, &g->nodes_capacity, n);
    if (status != ATHLETE_OK) return status;
    memcpy(g->nodes, model->nodes + start, n * sizeof *g->nodes);
    memset(g->grown, 0, n * sizeof *g->grown);
    g->n_nodes = n;
    return ATHLETE_OK;
}

/* By counting: rows stay in their order within a leaf. */
static void sort_rows(grower *g) {
    uint32_t n = (uint32_t)g->bins->n_rows, before = 0;
    for (uint32_t row = 0; row < n; row++) g->grown[g->scratch[row]].end++;
    for (size_t id = 0; id < g->n_nodes; id++) {
        grown_node *leaf = &g->grown[id];
        uint32_t n_leaf = leaf->end;
        leaf->begin = leaf->end = before;
        before += n_leaf;
    }
    for (uint32_t row = 0; row < n; row++) g->rows[g->grown[g->scratch[row]].end++] = row;
}

athlete_status grower_adopt(grower *g, const forest *model, size_t tree, const float *values) {
    athlete_status status = take_nodes(g, model, tree);
    if (status != ATHLETE_OK) return status;
    adopt_job job = {g, model, tree, values};
    size_t n = g->bins->n_rows, n_parts = (n + ADOPT_PART_ROWS - 1) / ADOPT_PART_ROWS;
    status = pool_run_if(n_parts > 3, g->pool, n_parts, find_leaves, &job);
    if (status != ATHLETE_OK) return status;
    sort_rows(g);
    return pool_due(&g->pool->hands[0], 4 * n) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

bool grower_must_learn(const grower *g) {
    if (!g->evidence) return false;
    bool must = g->n_trees < g->trees_of_round;
    for (int f = 0; f < g->bins->n_features; f++)
        must = must || (g->bins->categorical[f] && g->evidence[f].mean_rows == 0);
    return must;
}
