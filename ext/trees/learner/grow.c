#include "trees/learner/grow.h"

#include <math.h>
#include <string.h>
#include "base/precondition.h"
#include "trees/learner/node_features.h"
#include "trees/learner/node_queue.h"
#include "trees/learner/partition.h"

/* Waiting nodes keep their histograms up to this much memory; beyond it they are summed again when needed. */
#define KEPT_HISTOGRAM_BYTES ((size_t)64 << 20)

typedef struct tree_task {
    grower *g;
    size_t n_leaves;
} tree_task;

athlete_status grower_begin(grower *g, bin_matrix *bins, const row_weights *weights, const grow_rules *rules,
                            athlete_budget *budget, athlete_pool *pool) {
    *g = (grower){.bins = bins, .rules = rules, .budget = budget, .pool = pool};
    gradients_begin(&g->gradients, bins, weights);
    g->trees_of_round = 1;
    if (bins->categorical) {
        g->evidence = memory_zeroed(budget, (size_t)bins->n_features, sizeof *g->evidence);
        if (!g->evidence) return memory_status(budget);
    }
    for (int i = 0; i < 2; i++) {
        g->finders[i] = (split_finder){.bins = bins, .gradients = &g->gradients, .rules = &rules->split};
        g->finders[i].found = memory_alloc(budget, (size_t)bins->n_features, split_found_bytes());
        g->finders[i].monotone = rules->monotone;
        g->finders[i].evidence = g->evidence;
        if (!g->finders[i].found) return memory_status(budget);
    }
    athlete_status status = node_features_begin(g);
    if (status != ATHLETE_OK) return status;
    g->rows = memory_alloc(budget, bins->n_rows, sizeof *g->rows);
    g->scratch = memory_alloc(budget, bins->n_rows, sizeof *g->scratch);
    if (!g->rows || !g->scratch) return memory_status(budget);
    return histogram_begin(&g->builder, bins, &g->gradients, budget, pool);
}

/* Never fails: the list has room for every histogram there is. */
static void grow_give_back(grower *g, size_t id) {
    if (g->grown[id].histogram.words) g->spare[g->n_spare++] = g->grown[id].histogram.words;
    g->grown[id].histogram.words = NULL;
}

void grower_forget(grower *g) {
    for (size_t id = 0; id < g->n_nodes; id++) grow_give_back(g, id);
    g->n_nodes = 0;
}

void grower_end(grower *g) {
    grower_forget(g);
    for (size_t i = 0; i < g->n_spare; i++) memory_free(g->budget, g->spare[i]);
    void *const blocks[] = {g->evidence,
                            g->node_features,
                            g->feature_order,
                            g->path,
                            g->reachable,
                            g->spare,
                            g->queue,
                            g->grown,
                            g->nodes,
                            g->scratch,
                            g->rows,
                            g->finders[0].found,
                            g->finders[1].found,
                            g->root};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) memory_free(g->budget, blocks[i]);
    gradients_end(&g->gradients, g->budget);
    histogram_end(&g->builder, g->budget);
    *g = (grower){.bins = NULL};
}

athlete_status grower_keep_histograms(grower *g) {
    g->root = memory_alloc(g->budget, g->bins->offset[g->bins->n_features], sizeof *g->root);
    g->keeps_histograms = g->root != NULL;
    return g->root ? ATHLETE_OK : memory_status(g->budget);
}

athlete_status grower_fit(grower *g, const double *gradients, const double *hessians) {
    g->has_root = false;
    return gradients_fix(&g->gradients, gradients, hessians, g->bins, g->budget, g->pool);
}

/* --- histograms ----------------------------------------------------------------------------------------- */

static bool interrupted(const grower *g, size_t units) {
    return pool_due(&g->pool->hands[0], units);
}

static int64_t *take_histogram(grower *g) {
    if (g->n_spare > 0) return g->spare[--g->n_spare];
    athlete_status status = memory_reserve(g->budget, &g->spare, &g->spare_capacity, g->n_histograms + 1);
    if (status != ATHLETE_OK) return NULL;
    int64_t *words = memory_alloc(g->budget, histogram_words(g->bins), sizeof *words);
    if (words) g->n_histograms++;
    return words;
}

static athlete_status build_histogram(grower *g, size_t id) {
    grown_node *node = &g->grown[id];
    if (!node->histogram.words) node->histogram.words = take_histogram(g);
    if (!node->histogram.words) return memory_status(g->budget);
    return histogram_build(&g->builder, g->rows + node->begin, node->end - node->begin, &node->histogram);
}

/* Takes over the histogram of the parent, from which the sibling's is still to be taken away. */
static void inherit_histogram(grower *g, size_t parent, size_t child) {
    g->grown[child].histogram = g->grown[parent].histogram;
    g->grown[parent].histogram.words = NULL;
}

/* --- nodes ---------------------------------------------------------------------------------------------- */

/* Weight of the rows of a node whose sums are known. */
static int64_t grow_weight_of(const grower *g, uint32_t begin, uint32_t end, gradient_sum sum) {
    if (!g->gradients.weights) return end - begin;
    if (g->gradients.counts_rows) return sum.hessian;
    int64_t weight = 0;
    for (uint32_t i = begin; i < end; i++) weight += g->gradients.weights[g->rows[i]];
    return weight;
}

static athlete_status add_node(grower *g, int32_t parent, uint32_t begin, uint32_t end, int depth,
                               gradient_sum sum) {
    athlete_status status = memory_reserve(g->budget, &g->grown, &g->grown_capacity, g->n_nodes + 1);
    if (status == ATHLETE_OK)
        status = memory_reserve(g->budget, &g->nodes, &g->nodes_capacity, g->n_nodes + 1);
    if (status != ATHLETE_OK) return status;
    g->grown[g->n_nodes] = (grown_node){.begin = begin, .end = end, .depth = depth, .sum = sum};
    g->grown[g->n_nodes].weight = grow_weight_of(g, begin, end, sum);
    g->grown[g->n_nodes].lower = -INFINITY;
    g->grown[g->n_nodes].upper = INFINITY;
    g->nodes[g->n_nodes] = (tree_node){
        .left = -1,
        .parent = parent,
        .cover = (float)sum_hessian(sum, &g->gradients.scale),
    };
    g->n_nodes++;
    return ATHLETE_OK;
}

double grower_weight(const grower *g, size_t id) {
    const grown_node *node = &g->grown[id];
    double weight = node_weight(node->sum, &g->gradients.scale, &g->rules->split);
    return weight < node->lower ? node->lower : weight > node->upper ? node->upper : weight;
}

/* Children inherit the node's bounds; after a split by a constrained feature each of them stays, whatever is split below, on its
** side of the middle between their weights (XGBoost's rule). */
static void bound_children(grower *g, size_t id, size_t left) {
    const grown_node *node = &g->grown[id];
    grown_node *children = &g->grown[left];
    for (int i = 0; i < 2; i++) {
        children[i].lower = node->lower;
        children[i].upper = node->upper;
    }
    int direction = split_direction(g->bins, g->rules->monotone, node->split.feature);
    if (direction != 0) {
        double middle = (grower_weight(g, left) + grower_weight(g, left + 1)) / 2;
        children[direction > 0 ? 0 : 1].upper = middle;
        children[direction > 0 ? 1 : 0].lower = middle;
    }
}

static bool may_split(const tree_task *task, size_t id) {
    const grow_rules *rules = task->g->rules;
    const grown_node *node = &task->g->grown[id];
    double least = ldexp((double)rules->split.min_child_rows, task->g->gradients.weight_bits);
    return (rules->max_depth == 0 || node->depth < rules->max_depth) &&
           (rules->max_leaves == 0 || task->n_leaves < rules->max_leaves) && node->end - node->begin >= 2 &&
           (rules->split.min_child_rows <= 1 || (double)node->weight >= 2 * least);
}

/* Finds the split of a node whose histogram is there. */
static void find_split(grower *g, size_t id, split_finder *finder) {
    grown_node *node = &g->grown[id];
    const split_node asked = {.rows = g->rows + node->begin,
                              .n_rows = node->end - node->begin,
                              .weight = node->weight,
                              .sum = node->sum,
                              .histogram = &node->histogram,
                              .lower = node->lower,
                              .upper = node->upper,
                              .is_root = id == 0};
    node_features_choose(g, id, finder);
    finder->is_first = g->n_trees < g->trees_of_round;
    node->split = split_find(finder, &asked);
}

/* Puts a node in the queue if there is a split of it. */
static athlete_status queue_split(grower *g, size_t id) {
    bool splits = g->grown[id].split.gain > 0, may_keep = splits || g->keeps_histograms;
    size_t held = g->n_histograms - g->n_spare;
    if (!may_keep || held * histogram_words(g->bins) * sizeof(int64_t) > KEPT_HISTOGRAM_BYTES)
        grow_give_back(g, id);
    if (interrupted(g, histogram_words(g->bins))) return ATHLETE_INTERRUPTED;
    return splits ? node_queue_add(g, id) : ATHLETE_OK;
}

/* Which codes go left. */
static side_table sides_of(const bin_matrix *bins, const node_split *split) {
    side_table side = {{0}};
    int n_bins = bins->n_bins[split->feature];
    for (int bin = 0; bin < n_bins; bin++) side.left[bin] = split_bin_left(split, bin);
    side.left[n_bins] = split->missing_left;
    return side;
}

static void describe_split(grower *g, size_t id, size_t left) {
    const node_split *split = &g->grown[id].split;
    tree_node *node = &g->nodes[id];
    node->left = (int32_t)left;
    node->feature = (uint32_t)g->bins->source_feature[split->feature];
    if (!split->categorical)
        node->value = g->bins->cuts[g->bins->offset[split->feature] + (uint32_t)split->bin];
    node->missing_left =
        split->none_missing ? 2 * g->grown[left].weight >= g->grown[id].weight : split->missing_left;
    node->gain = (float)split->gain;
    node->categorical = split->categorical;
}

/* Two nodes of which the histogram of the first is there, and that of the second once the first's is taken from it. */
typedef struct siblings {
    grower *g;
    size_t ids[2];
    bool subtracts, searched[2];
} siblings;

static void search_sibling(void *argument, size_t part, pool_hand *hand) {
    const siblings *pair = argument;
    grower *g = pair->g;
    grown_node *node = &g->grown[pair->ids[part]];
    if (part == 1 && pair->subtracts) {
        histogram_subtract(&g->builder, &node->histogram, &g->grown[pair->ids[0]].histogram,
                           node->end - node->begin);
    }
    if (pair->searched[part]) find_split(g, pair->ids[part], &g->finders[part]);
    pool_due(hand, histogram_words(g->bins));
}

/* Histograms of those children that may be split, and their splits. Only the smaller child's is summed up from its rows if the
** parent's is there. */
static athlete_status consider_children(tree_task *task, size_t parent, size_t smaller, size_t larger) {
    grower *g = task->g;
    siblings pair = {g, {smaller, larger}, false, {may_split(task, smaller), may_split(task, larger)}};
    if (!pair.searched[0] && !pair.searched[1]) return ATHLETE_OK;
    pair.subtracts = pair.searched[1] && g->grown[parent].histogram.words;
    const grown_node *small = &g->grown[smaller];
    if (pair.subtracts && !pair.searched[0] && !g->keeps_histograms &&
        histogram_remove(&g->builder, g->rows + small->begin, small->end - small->begin,
                         &g->grown[parent].histogram)) {
        inherit_histogram(g, parent, larger);
        pair.subtracts = false;
    }
    athlete_status status = ATHLETE_OK;
    if (pair.searched[0] || pair.subtracts) status = build_histogram(g, smaller);
    if (status == ATHLETE_OK && pair.subtracts) inherit_histogram(g, parent, larger);
    else if (status == ATHLETE_OK && pair.searched[1] && !g->grown[larger].histogram.words)
        status = build_histogram(g, larger);
    if (status != ATHLETE_OK) return status;
    bool shared = g->builder.n_hands > 1 && !node_features_differ(g->rules);
    status = pool_run_if(shared, g->pool, 2, search_sibling, &pair);
    for (int i = 0; status == ATHLETE_OK && i < 2; i++) {
        if (pair.searched[i]) status = queue_split(g, pair.ids[i]);
        else if (!g->keeps_histograms) grow_give_back(g, pair.ids[i]);
    }
    return status;
}

static athlete_status split_node_in_two(tree_task *task, size_t id) {
    grower *g = task->g;
    grown_node parent = g->grown[id];
    side_table sides = sides_of(g->bins, &parent.split);
    size_t n_left;
    athlete_status status =
        partition_rows(bins_column(g->bins, parent.split.feature), &sides, g->rows + parent.begin,
                       g->scratch + parent.begin, parent.end - parent.begin, g->pool, &n_left);
    if (status != ATHLETE_OK) return status;
    uint32_t middle = parent.begin + (uint32_t)n_left;
    size_t left = g->n_nodes, right = left + 1;
    status = add_node(g, (int32_t)id, parent.begin, middle, parent.depth + 1, parent.split.left);
    if (status == ATHLETE_OK)
        status = add_node(g, (int32_t)id, middle, parent.end, parent.depth + 1,
                          sum_difference(parent.sum, parent.split.left));
    if (status != ATHLETE_OK) return status;
    describe_split(g, id, left);
    bound_children(g, id, left);
    task->n_leaves++;

    bool left_smaller = n_left <= parent.end - middle;
    status = consider_children(task, id, left_smaller ? left : right, left_smaller ? right : left);
    if (status != ATHLETE_OK) return status;
    bool children_have_none = !g->grown[left].histogram.words && !g->grown[right].histogram.words;
    if (!g->keeps_histograms || !children_have_none) grow_give_back(g, id);
    return ATHLETE_OK;
}

/* Every row is in one bin of any feature. */
static gradient_sum sum_of_bins(const grower *g, const histogram *h) {
    gradient_sum sum = {0, 0};
    for (size_t slot = 0; slot < g->bins->offset[1]; slot++) {
        gradient_sum bin = histogram_slot(h, slot, g->gradients.shift);
        sum.gradient += bin.gradient;
        sum.hessian += bin.hessian;
    }
    return sum;
}

static athlete_status add_root(grower *g, size_t n_rows) {
    histogram h = {.words = take_histogram(g)};
    if (!h.words) return memory_status(g->budget);
    size_t root_bytes = g->bins->offset[g->bins->n_features] * sizeof *g->root;
    athlete_status status = ATHLETE_OK;
    if (g->has_root) memcpy(h.words, g->root, root_bytes);
    else status = histogram_build(&g->builder, g->rows, n_rows, &h);
    if (g->keeps_histograms && !g->has_root && status == ATHLETE_OK) memcpy(g->root, h.words, root_bytes);
    if (status == ATHLETE_OK) status = add_node(g, -1, 0, (uint32_t)n_rows, 0, sum_of_bins(g, &h));
    if (status == ATHLETE_OK) g->grown[0].histogram = h;
    else g->spare[g->n_spare++] = h.words;
    return status;
}

static athlete_status grow(tree_task *task, size_t n_rows) {
    grower *g = task->g;
    athlete_status status = add_root(g, n_rows);
    if (status == ATHLETE_OK && may_split(task, 0)) {
        find_split(g, 0, &g->finders[0]);
        status = queue_split(g, 0);
    }
    while (status == ATHLETE_OK && g->n_queued > 0 &&
           (g->rules->max_leaves == 0 || task->n_leaves < g->rules->max_leaves)) {
        status = split_node_in_two(task, node_queue_take(g));
    }
    return status;
}

athlete_status grow_tree(grower *g, size_t n_rows, const int *features, int n_features) {
    assert(n_rows > 0 && n_rows <= g->bins->n_rows && n_features > 0);
    tree_task task = {g, 1};
    g->tree_features = features;
    g->n_tree_features = n_features;
    grower_forget(g);
    g->n_queued = 0;
    athlete_status status = grow(&task, n_rows);
    for (size_t id = 0; id < g->n_nodes; id++) {
        if (!g->keeps_histograms) grow_give_back(g, id);
        g->nodes[id].weight = (float)grower_weight(g, id);
    }
    g->n_trees++;
    return status;
}

size_t grower_leaf(const grower *g, size_t row) {
    assert(row < g->bins->n_rows && g->n_nodes > 0);
    size_t id = 0;
    while (g->nodes[id].left >= 0) {
        const node_split *split = &g->grown[id].split;
        int code = bins_column(g->bins, split->feature)[row];
        bool left =
            code == g->bins->n_bins[split->feature] ? g->nodes[id].missing_left : split_bin_left(split, code);
        id = (size_t)g->nodes[id].left + (left ? 0 : 1);
    }
    return id;
}
