#include "trees/grow.h"

#include <string.h>

/* Waiting nodes keep their histograms up to this much memory; beyond it they are summed again when needed. */
#define KEPT_HISTOGRAM_BYTES ((size_t)64 << 20)

typedef struct tree_task {
    grower *g;
    const gradient_sum *gradients;
    const gradient_scale *scale;
    const int *features;
    int n_features;
    size_t n_leaves;
} tree_task;

athlete_status grower_begin(grower *g, const bin_matrix *bins, const grow_rules *rules,
                            athlete_budget *budget, athlete_poll *poll) {
    *g = (grower){.bins = bins, .rules = rules, .budget = budget, .poll = poll};
    g->rows = memory_alloc(budget, bins->n_rows, sizeof *g->rows);
    g->scratch = memory_alloc(budget, bins->n_rows, sizeof *g->scratch);
    return g->rows && g->scratch ? ATHLETE_OK : memory_status(budget);
}

void grower_end(grower *g) {
    for (size_t i = 0; i < g->n_spare; i++) memory_free(g->budget, g->spare[i]);
    memory_free(g->budget, g->spare);
    memory_free(g->budget, g->queue);
    memory_free(g->budget, g->grown);
    memory_free(g->budget, g->nodes);
    memory_free(g->budget, g->scratch);
    memory_free(g->budget, g->rows);
    *g = (grower){.bins = NULL};
}

/* --- histograms ----------------------------------------------------------------------------------------- */

static size_t histogram_slots(const grower *g) {
    return g->bins->offset[g->bins->n_features];
}

static gradient_sum *take_histogram(grower *g) {
    if (g->n_spare > 0) return g->spare[--g->n_spare];
    void *list = g->spare;
    athlete_status status =
        memory_grow(g->budget, &list, &g->spare_capacity, g->n_histograms + 1, sizeof *g->spare);
    g->spare = list;
    if (status != ATHLETE_OK) return NULL;
    gradient_sum *histogram = memory_alloc(g->budget, histogram_slots(g), sizeof *histogram);
    if (histogram) g->n_histograms++;
    return histogram;
}

/* Never fails: the list has room for every histogram there is. */
static void give_back(grower *g, size_t id) {
    if (g->grown[id].histogram) g->spare[g->n_spare++] = g->grown[id].histogram;
    g->grown[id].histogram = NULL;
}

static athlete_status build_histogram(tree_task *task, size_t id) {
    grower *g = task->g;
    grown_node *node = &g->grown[id];
    if (!node->histogram) node->histogram = take_histogram(g);
    if (!node->histogram) return memory_status(g->budget);
    return histogram_build(g->bins, task->gradients, g->rows + node->begin, node->end - node->begin,
                           node->histogram, g->poll);
}

/* Histograms of both children, of which the first has no more rows than the second. */
static athlete_status build_children(tree_task *task, size_t parent, size_t smaller, size_t larger) {
    grower *g = task->g;
    athlete_status status = build_histogram(task, smaller);
    if (status != ATHLETE_OK) return status;
    if (!g->grown[parent].histogram) return build_histogram(task, larger);
    g->grown[larger].histogram = g->grown[parent].histogram;
    g->grown[parent].histogram = NULL;
    histogram_subtract(g->grown[larger].histogram, g->grown[smaller].histogram, histogram_slots(g));
    return poll_due(g->poll, histogram_slots(g)) ? ATHLETE_INTERRUPTED : ATHLETE_OK;
}

/* --- the queue ------------------------------------------------------------------------------------------ */

/* Ids are given out level by level when nodes are split in the order of their ids. */
static bool comes_before(const grower *g, int32_t a, int32_t b) {
    if (g->rules->best_gain_first && g->grown[a].split.gain != g->grown[b].split.gain) {
        return g->grown[a].split.gain > g->grown[b].split.gain;
    }
    return a < b;
}

static athlete_status enqueue(grower *g, size_t id) {
    void *block = g->queue;
    athlete_status status =
        memory_grow(g->budget, &block, &g->queue_capacity, g->n_queued + 1, sizeof *g->queue);
    g->queue = block;
    if (status != ATHLETE_OK) return status;
    size_t at = g->n_queued++;
    for (; at > 0 && comes_before(g, (int32_t)id, g->queue[(at - 1) / 2]); at = (at - 1) / 2) {
        g->queue[at] = g->queue[(at - 1) / 2];
    }
    g->queue[at] = (int32_t)id;
    return ATHLETE_OK;
}

static size_t dequeue(grower *g) {
    int32_t first = g->queue[0], last = g->queue[--g->n_queued];
    size_t at = 0;
    for (size_t child = 1; child < g->n_queued; child = 2 * at + 1) {
        if (child + 1 < g->n_queued && comes_before(g, g->queue[child + 1], g->queue[child])) child++;
        if (!comes_before(g, g->queue[child], last)) break;
        g->queue[at] = g->queue[child];
        at = child;
    }
    g->queue[at] = last;
    return (size_t)first;
}

/* --- nodes ---------------------------------------------------------------------------------------------- */

static athlete_status add_node(tree_task *task, int32_t parent, uint32_t begin, uint32_t end, int depth,
                               gradient_sum sum) {
    grower *g = task->g;
    void *grown = g->grown, *nodes = g->nodes;
    athlete_status status =
        memory_grow(g->budget, &grown, &g->grown_capacity, g->n_nodes + 1, sizeof *g->grown);
    g->grown = grown;
    if (status != ATHLETE_OK) return status;
    status = memory_grow(g->budget, &nodes, &g->nodes_capacity, g->n_nodes + 1, sizeof *g->nodes);
    g->nodes = nodes;
    if (status != ATHLETE_OK) return status;
    g->grown[g->n_nodes] = (grown_node){.begin = begin, .end = end, .depth = depth, .sum = sum};
    g->nodes[g->n_nodes] = (tree_node){
        .left = -1,
        .parent = parent,
        .cover = (float)sum_hessian(sum, task->scale),
        .weight = (float)node_weight(sum, task->scale, &g->rules->split),
    };
    g->n_nodes++;
    return ATHLETE_OK;
}

static bool may_split(const tree_task *task, size_t id) {
    const grow_rules *rules = task->g->rules;
    const grown_node *node = &task->g->grown[id];
    int64_t rows = node->end - node->begin;
    return (rules->max_depth == 0 || node->depth < rules->max_depth) &&
           (rules->max_leaves == 0 || task->n_leaves < rules->max_leaves) && rows >= 2 &&
           rows >= 2 * rules->split.min_child_rows;
}

/* Finds the split of a node whose histogram is there, and puts the node in the queue if there is one. */
static athlete_status consider(tree_task *task, size_t id) {
    grower *g = task->g;
    grown_node *node = &g->grown[id];
    node->split = split_find(g->bins, node->histogram, node->sum, task->features, task->n_features,
                             task->scale, &g->rules->split);
    bool splits = node->split.gain > 0;
    size_t held = g->n_histograms - g->n_spare;
    if (!splits || held * histogram_slots(g) * sizeof(gradient_sum) > KEPT_HISTOGRAM_BYTES) give_back(g, id);
    if (poll_due(g->poll, 4 * histogram_slots(g))) return ATHLETE_INTERRUPTED;
    return splits ? enqueue(g, id) : ATHLETE_OK;
}

/* Puts the rows that go left before those that go right, each side in the order they had. Returns where the right
** side begins. */
static uint32_t partition(grower *g, const grown_node *node) {
    size_t n_features = (size_t)g->bins->n_features;
    const uint8_t *codes = g->bins->codes + node->split.feature;
    int bin = node->split.bin;
    int left_code =
        node->split.missing_left ? g->bins->n_bins[node->split.feature] : bin; /* beside 0 to bin */
    uint32_t left = node->begin, right = 0;
    for (uint32_t i = node->begin; i < node->end; i++) {
        uint32_t row = g->rows[i];
        int code = codes[row * n_features];
        uint32_t goes_left = (code <= bin) | (code == left_code);
        g->rows[left] = row;
        g->scratch[right] = row;
        left += goes_left;
        right += 1 - goes_left;
    }
    memcpy(g->rows + left, g->scratch, right * sizeof *g->rows);
    return left;
}

static athlete_status split_node(tree_task *task, size_t id) {
    grower *g = task->g;
    grown_node parent = g->grown[id];
    uint32_t middle = partition(g, &parent);
    if (poll_due(g->poll, 2 * (size_t)(parent.end - parent.begin))) return ATHLETE_INTERRUPTED;
    size_t left = g->n_nodes, right = left + 1;
    gradient_sum right_sum = sum_difference(parent.sum, parent.split.left);
    athlete_status status =
        add_node(task, (int32_t)id, parent.begin, middle, parent.depth + 1, parent.split.left);
    if (status == ATHLETE_OK)
        status = add_node(task, (int32_t)id, middle, parent.end, parent.depth + 1, right_sum);
    if (status != ATHLETE_OK) return status;
    tree_node *node = &g->nodes[id];
    node->left = (int32_t)left;
    node->feature = (uint32_t)parent.split.feature;
    node->value = g->bins->cuts[g->bins->offset[parent.split.feature] + (uint32_t)parent.split.bin];
    node->missing_left = parent.split.missing_left;
    node->gain = (float)parent.split.gain;
    task->n_leaves++;

    if (may_split(task, left) || may_split(task, right)) {
        bool left_smaller = middle - parent.begin <= parent.end - middle;
        status = build_children(task, id, left_smaller ? left : right, left_smaller ? right : left);
        for (size_t child = left; status == ATHLETE_OK && child <= right; child++) {
            if (may_split(task, child)) status = consider(task, child);
            else give_back(g, child);
        }
    }
    give_back(g, id);
    return status;
}

static athlete_status grow(tree_task *task, size_t n_rows) {
    grower *g = task->g;
    gradient_sum sum = {0, 0};
    for (size_t i = 0; i < n_rows; i++) {
        sum.gradient += task->gradients[g->rows[i]].gradient;
        sum.hessian_and_rows += task->gradients[g->rows[i]].hessian_and_rows;
    }
    athlete_status status = add_node(task, -1, 0, (uint32_t)n_rows, 0, sum);
    if (status == ATHLETE_OK && may_split(task, 0)) {
        status = build_histogram(task, 0);
        if (status == ATHLETE_OK) status = consider(task, 0);
    }
    while (status == ATHLETE_OK && g->n_queued > 0 &&
           (g->rules->max_leaves == 0 || task->n_leaves < g->rules->max_leaves)) {
        status = split_node(task, dequeue(g));
    }
    return status;
}

athlete_status grow_tree(grower *g, const gradient_sum *gradients, const gradient_scale *scale, size_t n_rows,
                         const int *features, int n_features) {
    tree_task task = {g, gradients, scale, features, n_features, 1};
    g->n_nodes = 0;
    g->n_queued = 0;
    athlete_status status = grow(&task, n_rows);
    for (size_t id = 0; id < g->n_nodes; id++) give_back(g, id);
    return status;
}

size_t grower_leaf(const grower *g, size_t row) {
    const uint8_t *codes = g->bins->codes + row * (size_t)g->bins->n_features;
    size_t id = 0;
    while (g->nodes[id].left >= 0) {
        const node_split *split = &g->grown[id].split;
        int code = codes[split->feature];
        bool left = code <= split->bin || (split->missing_left && code == g->bins->n_bins[split->feature]);
        id = (size_t)g->nodes[id].left + (left ? 0 : 1);
    }
    return id;
}
