#include "trees/boosting/boost.h"

#include <math.h>
#include <string.h>
#include "base/numbers/float_key.h"
#include "base/precondition.h"
#include "statistics/quantile.h"
#include "trees/boosting/evaluation.h"
#include "trees/boosting/levels.h"
#include "trees/boosting/score_update.h"
#include "trees/boosting/score_update_fused.h"
#include "trees/boosting/score_update_squared.h"
#include "trees/learner/adopt.h"
#include "trees/learner/grow.h"
#include "trees/learner/sample.h"
#include "trees/model/rounds.h"

typedef struct booster {
    const row_set *rows;
    const boost_options *options;
    athlete_budget *budget;
    athlete_poll *poll;
    athlete_pool pool;
    bin_matrix bins;
    grower grower;
    int n_outputs;
    uint32_t *units; /* per row, of its weight, if there are any */
    row_weights weights;
    float *margins;               /* per output and row, what the trees so far predict */
    double *gradients, *hessians; /* per output and row; one block */
    double *losses;               /* per row */
    uint64_t *row_keys;           /* per row, if rows are sampled */
    squared_update squared;       /* the squared error's gradients, from tree to tree */
    fused_update fused;           /* all other gradients */
    bool updated;                 /* the grower has the gradients of the next tree already */
    double loss;                  /* then: the sum of losses */
    uint32_t *leaf_residuals;     /* per row of a leaf, as keys, if leaves are renewed */
    uint32_t *leaf_units;         /* per row of a leaf, likewise, if rows have weights */
    int *features;                /* of the bins, those that the tree may use */
    int *sampled;                 /* features of the model */
    uint64_t *feature_order;
    float *intercepts; /* per output */
    level_distances levels;
    float *level_values; /* per level and leaf of a round's trees */
    size_t level_capacity;
    evaluation validation, training; /* the latter where the metric is not the loss itself */
    forest *model;
} booster;

/* *complete becomes false when memory is refused. */
static void *boost_take(booster *b, size_t count, size_t size, bool *complete) {
    void *block = memory_alloc(b->budget, count, size);
    *complete = *complete && block;
    return block;
}

static athlete_status boost_allocate(booster *b, int n_features) {
    size_t n = b->rows->n, cells = n * (size_t)b->n_outputs;
    bool complete = true;
    b->margins = boost_take(b, cells, sizeof *b->margins, &complete);
    b->gradients = boost_take(b, cells, 2 * sizeof *b->gradients, &complete);
    b->losses = boost_take(b, n, sizeof *b->losses, &complete);
    b->features = boost_take(b, (size_t)n_features, sizeof *b->features, &complete);
    b->sampled = boost_take(b, (size_t)n_features, sizeof *b->sampled, &complete);
    b->feature_order = boost_take(b, (size_t)n_features, sizeof *b->feature_order, &complete);
    b->intercepts = boost_take(b, (size_t)b->n_outputs, sizeof *b->intercepts, &complete);
    if (b->options->subsample < 1) b->row_keys = boost_take(b, n, sizeof *b->row_keys, &complete);
    if (objective_renews_leaves(&b->options->objective)) {
        b->leaf_residuals = boost_take(b, n, sizeof *b->leaf_residuals, &complete);
        if (b->rows->weights) b->leaf_units = boost_take(b, n, sizeof *b->leaf_units, &complete);
    }
    if (!complete) return memory_status(b->budget);
    b->hessians = b->gradients + cells;
    return ATHLETE_OK;
}

static void boost_release(booster *b) {
    void *const blocks[] = {b->margins,        b->gradients,  b->losses,     b->row_keys,
                            b->leaf_residuals, b->units,      b->leaf_units, b->features,
                            b->feature_order,  b->intercepts, b->sampled,    b->level_values};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) memory_free(b->budget, blocks[i]);
    evaluation_end(&b->validation, b->budget);
    evaluation_end(&b->training, b->budget);
    grower_end(&b->grower);
    bins_free(b->budget, &b->bins);
}

static void set_intercepts(booster *b) {
    const boost_options *options = b->options;
    if (isnan(options->base_score)) {
        objective_intercepts(&options->objective, b->rows->labels, &b->weights, b->rows->n, b->gradients,
                             b->intercepts);
    } else {
        for (int k = 0; k < b->n_outputs; k++)
            b->intercepts[k] = objective_margin_of(&options->objective, options->base_score);
    }
    for (int k = 0; k < b->n_outputs; k++) {
        for (size_t i = 0; i < b->rows->n; i++) b->margins[(size_t)k * b->rows->n + i] = b->intercepts[k];
    }
}

/* Bins finer than half the smallest leaf make the search longer and no better. */
static int useful_bins(const boost_options *options, const row_weights *weights) {
    double rows = ldexp((double)weights->total, -weights->fraction_bits);
    double bins = 2 * rows / (double)(options->grow.split.min_child_rows + 1);
    if (bins < 16) bins = 16;
    return bins < options->max_bin ? (int)bins : options->max_bin;
}

static athlete_status boost_begin(booster *b, const train_data *set) {
    const row_set *rows = b->rows;
    const boost_options *options = b->options;
    b->weights.total = rows->n;
    if (rows->weights) {
        b->units = memory_alloc(b->budget, rows->n, sizeof *b->units);
        if (!b->units) return memory_status(b->budget);
        b->weights = weights_fix(rows->weights, rows->n, b->units);
    }
    const row_weights *weights = b->units ? &b->weights : NULL;
    const bin_source source = {.values = rows->values,
                               .n_rows = rows->n,
                               .n_features = set->n_features,
                               .categorical = set->categorical,
                               .weights = weights,
                               .max_bin = useful_bins(options, &b->weights),
                               .level = options->objective.level};
    athlete_status status = bins_build(&source, b->budget, &b->pool, &b->bins);
    if (status == ATHLETE_OK)
        status = grower_begin(&b->grower, &b->bins, weights, &options->grow, b->budget, &b->pool);
    b->grower.trees_of_round = (uint64_t)b->n_outputs;
    if (status == ATHLETE_OK) status = boost_allocate(b, b->bins.n_features);
    if (status == ATHLETE_OK && b->row_keys) {
        status = sample_row_keys(rows->values, rows->labels, rows->weights, rows->n, set->n_features,
                                 b->budget, b->poll, b->row_keys);
    }
    if (status == ATHLETE_OK && set->validation.n > 0)
        status = evaluation_begin(&b->validation, &set->validation, b->n_outputs, options->metric, b->budget);
    if (status == ATHLETE_OK && options->metric != METRIC_OF_OBJECTIVE)
        status = evaluation_begin(&b->training, rows, b->n_outputs, options->metric, b->budget);
    if (status != ATHLETE_OK) return status;
    b->fused =
        (fused_update){.objective = &options->objective, .labels = rows->labels, .weights = &b->weights};
    set_intercepts(b);
    if (options->objective.n_levels > 1)
        levels_begin(&b->levels, b->n_outputs, b->intercepts, options->rounds, options->eta);
    return ATHLETE_OK;
}

/* --- one tree ------------------------------------------------------------------------------------------- */

/* Puts the rows that the round may see into the grower and returns how many. */
static size_t choose_rows(booster *b, uint64_t round) {
    const boost_options *options = b->options;
    if (b->row_keys)
        return sample_rows(b->row_keys, b->rows->n, options->subsample, options->seed, round, b->grower.rows);
    for (size_t row = 0; row < b->rows->n; row++) b->grower.rows[row] = (uint32_t)row;
    return b->rows->n;
}

/* A sample of the model's features, each with all the columns that the bins have of it; returns how many columns. */
static int choose_features(booster *b, uint64_t draw) {
    const bin_matrix *bins = &b->bins;
    int n = sample_features(b->model->n_features, b->options->colsample, b->options->seed, draw,
                            b->feature_order, b->sampled);
    int n_columns = 0, column = 0;
    for (int i = 0; i < n; i++) {
        while (bins->source_feature[column] < b->sampled[i]) column++;
        for (; column < bins->n_features && bins->source_feature[column] == b->sampled[i]; column++)
            b->features[n_columns++] = column;
    }
    return n_columns;
}

/* The quantile of what is left to explain in a leaf. */
static double renewed_value(booster *b, const grown_node *leaf, double quantile, const float *margins) {
    size_t n = leaf->end - leaf->begin;
    for (size_t i = 0; i < n; i++) {
        uint32_t row = b->grower.rows[leaf->begin + i];
        b->leaf_residuals[i] = float_key(b->rows->labels[row] - margins[row]);
        if (b->units) b->leaf_units[i] = b->units[row];
    }
    return weighted_quantile(quantile, b->leaf_residuals, b->leaf_units, ldexp(1, b->weights.fraction_bits),
                             n);
}

static double boost_leaf_value(booster *b, size_t id, double quantile, const float *margins) {
    const grown_node *leaf = &b->grower.grown[id];
    double limit = b->options->max_delta_step;
    double best =
        b->leaf_residuals ? renewed_value(b, leaf, quantile, margins) : grower_weight(&b->grower, id);
    best = best < leaf->lower ? leaf->lower : best > leaf->upper ? leaf->upper : best;
    return limit > 0 && best > limit ? limit : limit > 0 && best < -limit ? -limit : best;
}

static void set_leaf_values(booster *b, const float *margins, double intercept) {
    for (size_t id = 0; id < b->grower.n_nodes; id++) {
        tree_node *node = &b->grower.nodes[id];
        if (node->left < 0)
            node->value =
                (float)(intercept +
                        b->options->eta * boost_leaf_value(b, id, b->options->objective.quantile, margins));
    }
}

/* The categories that go right at a split, as a set of the model's. */
static athlete_status boost_keep_set(booster *b, const node_split *split, uint32_t *set) {
    const bin_matrix *bins = &b->bins;
    const float *category = bins->cuts + bins->offset[split->feature];
    size_t n_words = 0;
    for (int bin = 0; bin < bins->n_bins[split->feature]; bin++) {
        if (!split_bin_left(split, bin) && (size_t)category[bin] / 32 >= n_words)
            n_words = (size_t)category[bin] / 32 + 1;
    }
    uint32_t *words;
    athlete_status status = forest_add_set(b->budget, b->model, n_words, &words);
    if (status != ATHLETE_OK) return status;
    memset(words, 0, n_words * sizeof *words);
    for (int bin = 0; bin < bins->n_bins[split->feature]; bin++) {
        uint32_t c = (uint32_t)category[bin];
        if (!split_bin_left(split, bin)) words[c / 32] |= (uint32_t)1 << c % 32;
    }
    *set = (uint32_t)(b->model->n_sets - 1);
    return ATHLETE_OK;
}

/* Of the model before, whose numbers its trees' nodes have. */
static athlete_status keep_given_set(booster *b, uint32_t *set) {
    const forest *previous = b->options->previous;
    size_t start = *set == 0 ? 0 : previous->set_end[*set - 1], n_words = previous->set_end[*set] - start;
    uint32_t *words;
    athlete_status status = forest_add_set(b->budget, b->model, n_words, &words);
    if (status != ATHLETE_OK) return status;
    memcpy(words, previous->set_words + start, n_words * sizeof *words);
    *set = (uint32_t)(b->model->n_sets - 1);
    return ATHLETE_OK;
}

/* Whether the tree that comes next is one of the model before. */
static bool is_of_previous(const booster *b) {
    return b->options->previous && b->model->n_trees < b->options->previous->n_trees;
}

static athlete_status keep_tree(booster *b, int output) {
    bool given = is_of_previous(b);
    tree_node *nodes;
    const grower *g = &b->grower;
    athlete_status status = forest_add_tree(b->budget, b->model, g->n_nodes, output, &nodes);
    if (status != ATHLETE_OK) return status;
    memcpy(nodes, g->nodes, g->n_nodes * sizeof *nodes);
    for (size_t id = 0; status == ATHLETE_OK && id < g->n_nodes; id++) {
        if (nodes[id].left >= 0 && nodes[id].categorical)
            status = given ? keep_given_set(b, &nodes[id].set)
                           : boost_keep_set(b, &g->grown[id].split, &nodes[id].set);
    }
    if (status == ATHLETE_OK && b->validation.set)
        status = evaluation_add_tree(&b->validation, b->model, b->poll);
    if (status == ATHLETE_OK && b->training.set)
        status = evaluation_add_tree(&b->training, b->model, b->poll);
    return status;
}

static bool may_update_squared(const booster *b) {
    return b->options->objective.kind == OBJECTIVE_SQUARED_ERROR && !b->row_keys;
}

/* What the tree that has its leaves' values now means for every row. */
static athlete_status advance_rows(booster *b, size_t n_seen, double intercept, float *margins) {
    b->updated = false;
    if (b->squared.kept) return squared_update_rows(&b->squared, &b->grower, intercept);
    if (n_seen < b->rows->n || b->n_outputs > 1 || b->grower.gradients.fine)
        return score_update_margins(&b->grower, n_seen, b->rows->n, margins);
    return fused_update_rows(&b->fused, &b->grower, margins, &b->updated, &b->loss);
}

static athlete_status grow_next(booster *b, int output, uint64_t round, size_t *n_seen) {
    *n_seen = choose_rows(b, round);
    uint64_t draw = round * (uint64_t)b->n_outputs + (uint64_t)output;
    int n_features = choose_features(b, draw);
    return grow_tree(&b->grower, *n_seen, b->features, n_features);
}

/* A tree of the model before. One is grown in its place only where the first trees tell what categories mean. */
static athlete_status adopt_next(booster *b, int output, uint64_t round, size_t *n_seen) {
    athlete_status status = grower_must_learn(&b->grower) ? grow_next(b, output, round, n_seen) : ATHLETE_OK;
    *n_seen = b->rows->n;
    if (status == ATHLETE_OK)
        status = grower_adopt(&b->grower, b->options->previous, b->model->n_trees, b->rows->values);
    b->grower.n_trees = b->model->n_trees + 1;
    return status;
}

static athlete_status boost_tree(booster *b, int output, uint64_t round) {
    size_t n = b->rows->n, first = (size_t)output * n;
    float *margins = b->margins + first;
    athlete_status status = ATHLETE_OK;
    if (!b->squared.kept && !b->updated)
        status = grower_fit(&b->grower, b->gradients + first, b->hessians + first);
    if (status == ATHLETE_OK && round == 0 && may_update_squared(b))
        status = squared_update_begin(&b->squared, &b->grower);
    if (status != ATHLETE_OK) return status;
    bool given = is_of_previous(b);
    size_t n_seen;
    status = given ? adopt_next(b, output, round, &n_seen) : grow_next(b, output, round, &n_seen);
    if (status != ATHLETE_OK) return status;
    double intercept = round == 0 ? b->intercepts[output] : 0;
    if (!given) set_leaf_values(b, margins, intercept);
    if (round == 0) memset(margins, 0, n * sizeof *margins); /* the intercept is in the first tree */
    bool was_kept = b->squared.kept;
    status = advance_rows(b, n_seen, intercept, margins);
    if (status == ATHLETE_OK) status = keep_tree(b, output);
    if (status == ATHLETE_OK && was_kept && !b->squared.kept)
        status =
            score_update_from_zero(b->model, b->rows->values, b->model->n_features, n, &b->pool, margins);
    return status;
}

/* One structure for all levels, from the gradients of one of them, and a tree of its own for each (levels.h). */
static athlete_status find_level_values(booster *b, size_t *n_leaves) {
    size_t n = b->rows->n, n_nodes = b->grower.n_nodes, n_levels = (size_t)b->n_outputs;
    const objective *o = &b->options->objective;
    *n_leaves = (n_nodes + 1) / 2;
    athlete_status status =
        memory_reserve(b->budget, &b->level_values, &b->level_capacity, *n_leaves * n_levels);
    if (status != ATHLETE_OK) return status;
    for (size_t k = 0; k < n_levels; k++) {
        float *value = b->level_values + k * *n_leaves;
        for (size_t id = 0; id < n_nodes; id++) {
            if (b->grower.nodes[id].left < 0)
                *value++ =
                    (float)(b->options->eta * boost_leaf_value(b, id, o->levels[k], b->margins + k * n));
        }
    }
    levels_part(&b->levels, b->level_values, *n_leaves);
    return ATHLETE_OK;
}

static athlete_status boost_levels(booster *b, uint64_t round) {
    size_t n = b->rows->n, first = (size_t)(round % (uint64_t)b->n_outputs) * n;
    athlete_status status = grower_fit(&b->grower, b->gradients + first, b->hessians + first);
    if (status != ATHLETE_OK) return status;
    size_t n_seen = choose_rows(b, round);
    int n_features = choose_features(b, round * (uint64_t)b->n_outputs);
    status = grow_tree(&b->grower, n_seen, b->features, n_features);
    size_t n_leaves = 0;
    if (status == ATHLETE_OK) status = find_level_values(b, &n_leaves);
    for (int k = 0; status == ATHLETE_OK && k < b->n_outputs; k++) {
        float *margins = b->margins + (size_t)k * n;
        double intercept = round == 0 ? (double)b->intercepts[k] : 0;
        const float *value = b->level_values + (size_t)k * n_leaves;
        for (size_t id = 0; id < b->grower.n_nodes; id++) {
            tree_node *node = &b->grower.nodes[id];
            if (node->left < 0) node->value = (float)(intercept + (double)*value++);
        }
        if (round == 0) memset(margins, 0, n * sizeof *margins); /* the intercept is in the first tree */
        status = score_update_margins(&b->grower, n_seen, n, margins);
        if (status == ATHLETE_OK) status = keep_tree(b, k);
    }
    return status;
}

/* --- rounds --------------------------------------------------------------------------------------------- */

static athlete_status boost_find_gradients(booster *b) {
    const objective_rows rows = {b->rows->n,   b->margins,  b->rows->labels,
                                 b->gradients, b->hessians, b->losses};
    return score_update_gradients(&b->options->objective, &rows, &b->pool);
}

static athlete_status record(booster *b, int round, boost_history *history) {
    const objective *o = &b->options->objective;
    double mean = b->squared.mean_squares;
    if (!b->squared.kept) {
        athlete_status status = ATHLETE_OK;
        if (!b->updated) status = score_update_loss(b->losses, &b->weights, b->rows->n, &b->pool, &b->loss);
        if (status != ATHLETE_OK) return status;
        mean = b->loss / (double)b->weights.total;
    }
    history->train[round] = b->training.set ? evaluation_metric(&b->training, b->model, o)
                                            : (float)objective_metric_value(o, mean);
    history->rounds = round + 1;
    if (!b->validation.set) return ATHLETE_OK;
    history->validation[round] = evaluation_metric(&b->validation, b->model, o);
    if (metric_is_better(b->options->metric, history->validation[round], history->validation[history->best]))
        history->best = round;
    return ATHLETE_OK;
}

static bool may_go_on(const booster *b, int round, const boost_history *history) {
    int patience = b->options->early_stopping_rounds;
    return round < b->options->rounds && (patience == 0 || round - 1 - history->best < patience);
}

static athlete_status boost_rounds(booster *b, boost_history *history) {
    athlete_status status = boost_find_gradients(b);
    for (int round = 0; status == ATHLETE_OK && may_go_on(b, round, history); round++) {
        bool levels = b->options->objective.n_levels > 1;
        if (levels) status = boost_levels(b, (uint64_t)round);
        for (int output = 0; status == ATHLETE_OK && !levels && output < b->n_outputs; output++)
            status = boost_tree(b, output, (uint64_t)round);
        if (status == ATHLETE_OK && !b->squared.kept && !b->updated) status = boost_find_gradients(b);
        if (status == ATHLETE_OK) status = record(b, round, history);
    }
    return status;
}

static void end_with_round(forest *model, int round) {
    model->n_trees = (size_t)(round + 1) * (size_t)model->n_outputs;
    model->n_nodes = model->tree_end[model->n_trees - 1];
}

athlete_status boost_train(const train_data *set, const boost_options *options, athlete_budget *budget,
                           athlete_poll *poll, forest *model, boost_history *history) {
    assert(set->train.n > 0 && set->n_features > 0 && options->rounds > 0);
    assert(!options->previous || forest_can_go_on(options->previous));
    booster b = {.rows = &set->train,
                 .options = options,
                 .budget = budget,
                 .poll = poll,
                 .n_outputs = objective_outputs(&options->objective),
                 .model = model};
    athlete_status status = forest_begin(budget, model, set->n_features, b.n_outputs);
    if (status != ATHLETE_OK) return status;
    model->link = objective_link(&options->objective);
    float score_of_margin_0 = model->link == MODEL_IDENTITY      ? 0.0f
                              : model->link == MODEL_EXPONENTIAL ? 1.0f
                                                                 : 0.5f;
    for (int k = 0; k < b.n_outputs; k++)
        model->base_scores[k] = options->previous ? options->previous->base_scores[k] : score_of_margin_0;
    *history = (boost_history){.train = history->train, .validation = history->validation};
    pool_begin(&b.pool, options->threads, poll);
    status = boost_begin(&b, set);
    if (status == ATHLETE_OK) status = boost_rounds(&b, history);
    if (status == ATHLETE_OK && options->early_stopping_rounds > 0) end_with_round(model, history->best);
    boost_release(&b);
    pool_end(&b.pool);
    return status;
}
