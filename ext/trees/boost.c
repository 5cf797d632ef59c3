#include "trees/boost.h"

#include <math.h>
#include <string.h>
#include "trees/fixed_point.h"
#include "trees/sample.h"

typedef struct booster {
    const training_set *set;
    const boost_options *options;
    athlete_budget *budget;
    athlete_poll *poll;
    bin_matrix bins;
    grower grower;
    float *margins;                        /* per row, what the trees so far predict */
    double *gradients, *hessians, *losses; /* per row */
    athlete_pool pool;
    uint64_t *row_keys;         /* per row, if rows are sampled */
    float *residuals, *sorting; /* per row, if leaves are renewed */
    int *features;              /* those that the tree may use */
    uint64_t *feature_order;
    float intercept;
    forest *model;
} booster;

static athlete_status allocate(booster *b) {
    size_t n = b->set->n_rows, f = (size_t)b->set->n_features;
    b->margins = memory_alloc(b->budget, n, sizeof *b->margins);
    b->gradients = memory_alloc(b->budget, n, sizeof *b->gradients);
    b->hessians = memory_alloc(b->budget, n, sizeof *b->hessians);
    b->losses = memory_alloc(b->budget, n, sizeof *b->losses);
    b->features = memory_alloc(b->budget, f, sizeof *b->features);
    b->feature_order = memory_alloc(b->budget, f, sizeof *b->feature_order);
    bool complete = b->margins && b->gradients && b->hessians && b->losses && b->features && b->feature_order;
    if (b->options->subsample < 1) {
        b->row_keys = memory_alloc(b->budget, n, sizeof *b->row_keys);
        complete = complete && b->row_keys;
    }
    if (objective_renews_leaves(&b->options->objective)) {
        b->residuals = memory_alloc(b->budget, n, sizeof *b->residuals);
        b->sorting = memory_alloc(b->budget, n, sizeof *b->sorting);
        complete = complete && b->residuals && b->sorting;
    }
    return complete ? ATHLETE_OK : memory_status(b->budget);
}

static void release(booster *b) {
    void *const blocks[] = {b->margins,   b->gradients, b->hessians, b->losses,       b->row_keys,
                            b->residuals, b->sorting,   b->features, b->feature_order};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) memory_free(b->budget, blocks[i]);
    grower_end(&b->grower);
    bins_free(b->budget, &b->bins);
}

static athlete_status begin(booster *b) {
    const training_set *set = b->set;
    const boost_options *options = b->options;
    const bin_source source = {.values = set->values,
                               .n_rows = set->n_rows,
                               .n_features = set->n_features,
                               .max_bin = options->max_bin};
    athlete_status status = bins_build(&source, b->budget, &b->pool, &b->bins);
    if (status == ATHLETE_OK)
        status = grower_begin(&b->grower, &b->bins, NULL, &options->grow, b->budget, &b->pool);
    if (status == ATHLETE_OK) status = allocate(b);
    if (status == ATHLETE_OK && b->row_keys) {
        status = sample_row_keys(set->values, set->labels, set->n_rows, set->n_features, b->budget, b->poll,
                                 b->row_keys);
    }
    if (status != ATHLETE_OK) return status;
    b->intercept = isnan(options->base_score)
                       ? objective_intercept(&options->objective, set->labels, set->n_rows, b->gradients)
                       : objective_margin_of(&options->objective, options->base_score);
    for (size_t row = 0; row < set->n_rows; row++) b->margins[row] = b->intercept;
    return ATHLETE_OK;
}

/* Puts the rows that the tree may see into the grower and returns how many. */
static size_t choose_rows(booster *b, uint64_t round) {
    const boost_options *options = b->options;
    if (b->row_keys) {
        return sample_rows(b->row_keys, b->set->n_rows, options->subsample, options->seed, round,
                           b->grower.rows);
    }
    for (size_t row = 0; row < b->set->n_rows; row++) b->grower.rows[row] = (uint32_t)row;
    return b->set->n_rows;
}

/* The quantile of what is left to explain in a leaf. */
static double renewed_value(booster *b, const grown_node *leaf) {
    size_t n = leaf->end - leaf->begin;
    for (size_t i = 0; i < n; i++) {
        uint32_t row = b->grower.rows[leaf->begin + i];
        b->residuals[i] = b->set->labels[row] - b->margins[row];
    }
    return objective_quantile(b->options->objective.quantile, b->residuals, b->sorting, n);
}

static void set_leaf_values(booster *b, uint64_t round) {
    double intercept = round == 0 ? b->intercept : 0;
    for (size_t id = 0; id < b->grower.n_nodes; id++) {
        tree_node *node = &b->grower.nodes[id];
        if (node->left >= 0) continue;
        const grown_node *leaf = &b->grower.grown[id];
        double best = b->residuals
                          ? renewed_value(b, leaf)
                          : node_weight(leaf->sum, &b->grower.gradients.scale, &b->options->grow.split);
        node->value = (float)(intercept + b->options->eta * best);
    }
}

/* The margins become what the model would predict, to the bit: float32 additions in the order of the trees. */
static void advance_margins(booster *b, size_t n_seen, uint64_t round) {
    grower *g = &b->grower;
    if (round == 0) memset(b->margins, 0, b->set->n_rows * sizeof *b->margins);
    if (n_seen < b->set->n_rows) {
        for (size_t row = 0; row < b->set->n_rows; row++)
            b->margins[row] += g->nodes[grower_leaf(g, row)].value;
        return;
    }
    for (size_t id = 0; id < g->n_nodes; id++) {
        if (g->nodes[id].left >= 0) continue;
        float value = g->nodes[id].value;
        for (uint32_t i = g->grown[id].begin; i < g->grown[id].end; i++) b->margins[g->rows[i]] += value;
    }
}

static athlete_status keep_tree(booster *b) {
    tree_node *nodes;
    athlete_status status = forest_add_tree(b->budget, b->model, b->grower.n_nodes, 0, &nodes);
    if (status == ATHLETE_OK) memcpy(nodes, b->grower.nodes, b->grower.n_nodes * sizeof *nodes);
    return status;
}

static athlete_status boost_round(booster *b, uint64_t round, float *history) {
    const boost_options *options = b->options;
    const training_set *set = b->set;
    athlete_status status = grower_fit(&b->grower, b->gradients, b->hessians);
    if (status != ATHLETE_OK) return status;
    size_t n_seen = choose_rows(b, round);
    int n_features = sample_features(set->n_features, options->colsample, options->seed, round,
                                     b->feature_order, b->features);
    status = grow_tree(&b->grower, n_seen, b->features, n_features);
    if (status != ATHLETE_OK) return status;
    set_leaf_values(b, round);
    advance_margins(b, n_seen, round);
    status = keep_tree(b);
    if (status != ATHLETE_OK) return status;
    objective_gradients(&options->objective, b->margins, set->labels, set->n_rows, b->gradients, b->hessians,
                        b->losses);
    double mean_loss = fixed_point_sum(b->losses, set->n_rows) / (double)set->n_rows;
    history[round] = (float)objective_metric_value(&options->objective, mean_loss);
    return poll_due(b->poll, 20 * set->n_rows) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

athlete_status boost_train(const training_set *set, const boost_options *options, athlete_budget *budget,
                           athlete_poll *poll, forest *model, float *history) {
    booster b = {.set = set, .options = options, .budget = budget, .poll = poll, .model = model};
    athlete_status status = forest_begin(budget, model, set->n_features, 1);
    if (status != ATHLETE_OK) return status;
    if (options->objective.kind == OBJECTIVE_LOGISTIC) {
        model->link = MODEL_LOGISTIC;
        model->base_scores[0] = 0.5f;
    }
    pool_begin(&b.pool, options->threads, poll);
    status = begin(&b);
    if (status == ATHLETE_OK) {
        objective_gradients(&options->objective, b.margins, set->labels, set->n_rows, b.gradients, b.hessians,
                            b.losses);
    }
    for (int round = 0; status == ATHLETE_OK && round < options->rounds; round++) {
        status = boost_round(&b, (uint64_t)round, history);
    }
    release(&b);
    pool_end(&b.pool);
    return status;
}
