/* From a forest to what the kernels of scorer_kernel.h evaluate. */
#include <math.h>
#include <string.h>
#include "base/numbers/float_sort.h"
#include "trees/scorer/scorer.h"
#include "trees/scorer/scorer_kernel.h"

#define NO_COLUMN UINT32_MAX

typedef struct compiler {
    const forest *model;
    athlete_budget *budget;
    scorer *out;
    int32_t *queue;              /* as many as the largest tree has nodes */
    size_t *n_thresholds;        /* per feature, and one more */
    uint32_t *n_categories;      /* per feature, 1 + the largest that is in a set, or 0 */
    uint32_t *numeric, *by_code; /* per feature its column, or NO_COLUMN */
    float *thresholds;
    size_t n_nodes, n_sets, n_values, n_walks; /* reserved, then used */
} compiler;

/* --- one tree in the order of evaluation ---------------------------------------------------------------- */

/* Fills in the reachable nodes of a tree, each before its left side and that before its right side; their number, or 0
** if there are more leaves than MAX_LEAVES. */
static size_t list_nodes(const tree_node *nodes, int32_t list[2 * MAX_LEAVES]) {
    int32_t waiting[MAX_LEAVES + 1];
    size_t n = 0, n_waiting = 1;
    waiting[0] = 0;
    while (n_waiting > 0) {
        int32_t at = waiting[--n_waiting];
        if (n == 2 * MAX_LEAVES - 1) return 0;
        list[n++] = at;
        if (nodes[at].left < 0) continue;
        if (n_waiting + 2 > MAX_LEAVES) return 0; /* each waiting node has a leaf of its own */
        waiting[n_waiting++] = nodes[at].left + 1;
        waiting[n_waiting++] = nodes[at].left;
    }
    return n;
}

/* --- columns -------------------------------------------------------------------------------------------- */

/* 1 + the largest category in a set, or 0. */
static uint32_t set_limit(const forest *model, uint32_t set) {
    size_t start = set == 0 ? 0 : model->set_end[set - 1], end = model->set_end[set];
    for (size_t w = end; w > start; w--) {
        for (uint32_t bit = 32; bit > 0; bit--) {
            if (model->set_words[w - 1] >> (bit - 1) & 1) return (uint32_t)((w - 1 - start) * 32) + bit;
        }
    }
    return 0;
}

/* What columns must express, and how much room the trees need. */
static void survey(compiler *c) {
    for (size_t t = 0; t < c->model->n_trees; t++) {
        int32_t list[2 * MAX_LEAVES];
        const tree_node *nodes = c->model->nodes + forest_tree_start(c->model, t);
        size_t n = list_nodes(nodes, list);
        for (size_t i = 0; i < n; i++) {
            const tree_node *node = nodes + list[i];
            if (node->left < 0) continue;
            if (node->categorical) {
                uint32_t limit = set_limit(c->model, node->set), *most = &c->n_categories[node->feature];
                *most = limit > *most ? limit : *most;
                c->by_code[node->feature] = 0;
                c->n_sets++;
            } else {
                c->n_thresholds[node->feature]++;
                c->numeric[node->feature] = 0;
            }
        }
        c->n_nodes += n / 2;
        c->n_values += (n + 1) / 2 + 15;
    }
}

static athlete_status gather_thresholds(compiler *c) {
    size_t total = 0, n_features = (size_t)c->model->n_features;
    for (size_t f = 0; f <= n_features; f++) { /* counts become ends, then starts */
        total += c->n_thresholds[f];
        c->n_thresholds[f] = total;
    }
    c->thresholds = memory_alloc(c->budget, 2 * total, sizeof *c->thresholds);
    if (!c->thresholds) return memory_status(c->budget);
    for (size_t t = 0; t < c->model->n_trees; t++) {
        int32_t list[2 * MAX_LEAVES];
        const tree_node *nodes = c->model->nodes + forest_tree_start(c->model, t);
        size_t n = list_nodes(nodes, list);
        for (size_t i = 0; i < n; i++) {
            const tree_node *node = nodes + list[i];
            if (node->left >= 0 && !node->categorical)
                c->thresholds[--c->n_thresholds[node->feature]] = node->value;
        }
    }
    for (size_t f = 0; f < n_features; f++) {
        float_sort(c->thresholds + c->n_thresholds[f], c->thresholds + total,
                   c->n_thresholds[f + 1] - c->n_thresholds[f]);
    }
    return ATHLETE_OK;
}

/* -infinity, then the distinct values of a sorted list, padded; how many without the padding. */
static size_t write_scale(const float *sorted, size_t n, float *scale) {
    size_t length = 0;
    scale[length++] = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || sorted[i] != sorted[i - 1]) scale[length++] = sorted[i];
    }
    for (size_t pad = length; pad % BUCKET != 0; pad++) scale[pad] = NAN;
    return length;
}

static athlete_status build_columns(compiler *c) {
    size_t n_features = (size_t)c->model->n_features, n_columns = 0, scale_room = 0;
    for (size_t f = 0; f < n_features; f++) {
        n_columns += (c->numeric[f] == 0) + (c->by_code[f] == 0);
        scale_room += c->n_thresholds[f + 1] - c->n_thresholds[f] + 1 + BUCKET;
    }
    scorer *out = c->out;
    out->columns = memory_alloc(c->budget, n_columns, sizeof *out->columns);
    out->scale = memory_alloc(c->budget, scale_room, sizeof *out->scale);
    if (!out->columns || !out->scale) return memory_status(c->budget);
    size_t first = 0;
    for (size_t f = 0; f < n_features; f++) {
        scorer_column column = {.feature = (uint32_t)f, .left = NO_RANKS, .right = NO_RANKS};
        if (c->numeric[f] == 0) {
            column.first = first;
            column.n = write_scale(c->thresholds + c->n_thresholds[f],
                                   c->n_thresholds[f + 1] - c->n_thresholds[f], out->scale + first);
            column.kind = column.n <= MAX_BYTE_SCALE ? COLUMN_BYTES : COLUMN_WORDS;
            c->numeric[f] = column.n <= MAX_WORD_SCALE ? (uint32_t)out->n_columns : NO_COLUMN;
            if (c->numeric[f] != NO_COLUMN) {
                out->columns[out->n_columns++] = column;
                first += (column.n + BUCKET - 1) / BUCKET * BUCKET;
            }
        }
        if (c->by_code[f] == 0) {
            column.kind = COLUMN_CATEGORIES;
            column.n = c->n_categories[f];
            c->by_code[f] = column.n <= OTHER_CATEGORY ? (uint32_t)out->n_columns : NO_COLUMN;
            if (c->by_code[f] != NO_COLUMN) out->columns[out->n_columns++] = column;
        }
    }
    return ATHLETE_OK;
}

/* Where a column's ranks are in a block, for splits that send missing values to one side; room is made at first use. */
static size_t place_of_ranks(scorer *out, scorer_column *column, bool missing_left) {
    size_t *place = missing_left || column->kind == COLUMN_CATEGORIES ? &column->left : &column->right;
    if (*place == NO_RANKS) {
        *place = out->rank_bytes;
        out->rank_bytes += column->kind == COLUMN_WORDS ? 2 * SCORER_ROWS : SCORER_ROWS;
        out->rank_bytes += GROUP; /* keeps columns from crowding in one cache set */
    }
    return *place;
}

/* --- trees ---------------------------------------------------------------------------------------------- */

static void write_set(const forest *model, const tree_node *node, uint8_t set[CATEGORY_SET]) {
    memset(set, 0, CATEGORY_SET);
    for (unsigned category = 0; category < OTHER_CATEGORY; category++) {
        if (!forest_category_left(model, node->set, (float)category))
            set[category / 8] |= (uint8_t)(1 << category % 8);
    }
    if (!node->missing_left) set[NO_CATEGORY / 8] |= 1 << NO_CATEGORY % 8;
}

/* The place of a threshold in a scale, which has it. */
static size_t find_threshold(const scorer *out, const scorer_column *column, float threshold) {
    const float *scale = out->scale + column->first;
    size_t low = 1, high = column->n - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (scale[middle] < threshold) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* False if there is no column for the split. */
static bool compile_split(compiler *c, const tree_node *node, scorer_node *split) {
    uint32_t number = node->categorical ? c->by_code[node->feature] : c->numeric[node->feature];
    if (number == NO_COLUMN) return false;
    scorer_column *column = &c->out->columns[number];
    split->kind = (uint16_t)column->kind;
    split->ranks = (uint32_t)place_of_ranks(c->out, column, node->missing_left);
    if (column->kind == COLUMN_CATEGORIES) {
        write_set(c->model, node, c->out->sets + c->n_sets * CATEGORY_SET);
        split->bound = (int32_t)(c->n_sets++ * CATEGORY_SET);
        return true;
    }
    size_t at = find_threshold(c->out, column, node->value);
    int32_t bound = (int32_t)at + (node->missing_left ? 1 : 0);
    split->bound = bound - (column->kind == COLUMN_BYTES ? 128 : 32768);
    return true;
}

/* Splits are evaluated in the reverse of the list, so each finds the results of its two sides on top of a stack. */
static bool compile_blend(compiler *c, size_t t, scorer_tree *tree) {
    const tree_node *nodes = c->model->nodes + forest_tree_start(c->model, t);
    int32_t list[2 * MAX_LEAVES];
    size_t n = list_nodes(nodes, list);
    uint16_t operands[MAX_LEAVES + 1];
    size_t n_operands = 0, n_results = 0, n_splits = 0, n_leaves = 0, sets_before = c->n_sets;
    float *values = c->out->values + c->n_values;
    tree->bytes_only = true;
    for (size_t i = n; i > 0; i--) {
        const tree_node *node = nodes + list[i - 1];
        if (node->left < 0) {
            operands[n_operands++] = (uint16_t)(n_leaves * GROUP);
            values[n_leaves++] = node->value;
            continue;
        }
        scorer_node split = {.left = operands[n_operands - 1], .right = operands[n_operands - 2]};
        if (!compile_split(c, node, &split)) {
            c->n_sets = sets_before;
            return false;
        }
        n_operands -= 2;
        n_results -= (split.left >= MAX_LEAVES * GROUP) + (split.right >= MAX_LEAVES * GROUP);
        split.to = (uint16_t)((MAX_LEAVES + n_results++) * GROUP);
        operands[n_operands++] = split.to;
        if (split.kind != COLUMN_BYTES) tree->bytes_only = false;
        c->out->nodes[c->n_nodes + n_splits++] = split;
    }
    if (n == 0) return false;
    tree->way = WAY_BLEND;
    tree->root = operands[0];
    tree->n_leaves = (uint32_t)n_leaves;
    tree->first_node = c->n_nodes;
    tree->n_nodes = n_splits;
    tree->first_value = c->n_values;
    c->n_nodes += n_splits;
    return true;
}

/* The bytes of a tree's leaf values apart, so that one instruction looks up one of them for many rows. */
static void write_planes(compiler *c, scorer_tree *tree) {
    size_t room = (tree->n_leaves + 15) / 16 * 16;
    const float *values = c->out->values + tree->first_value;
    uint8_t *planes = c->out->planes + 4 * tree->first_value;
    tree->first_plane = 4 * tree->first_value;
    memset(planes, 0, 4 * room);
    for (size_t i = 0; i < tree->n_leaves; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        for (size_t byte = 0; byte < 4; byte++) planes[byte * room + i] = (uint8_t)(bits >> 8 * byte);
    }
    c->n_values += room;
}

/* A column that only trees that are walked ask about is never ranked. */
static void drop_unused_columns(scorer *out) {
    size_t n = 0;
    for (size_t i = 0; i < out->n_columns; i++) {
        const scorer_column *column = &out->columns[i];
        if (column->left != NO_RANKS || column->right != NO_RANKS) out->columns[n++] = *column;
    }
    out->n_columns = n;
}

static athlete_status prepare_blending(compiler *c) {
    size_t n_features = (size_t)c->model->n_features;
    scorer *out = c->out;
    c->n_thresholds = memory_zeroed(c->budget, n_features + 1, sizeof *c->n_thresholds);
    c->n_categories = memory_zeroed(c->budget, n_features, sizeof *c->n_categories);
    c->numeric = memory_alloc(c->budget, n_features, sizeof *c->numeric);
    c->by_code = memory_alloc(c->budget, n_features, sizeof *c->by_code);
    if (!c->n_thresholds || !c->n_categories || !c->numeric || !c->by_code) return memory_status(c->budget);
    for (size_t f = 0; f < n_features; f++) c->numeric[f] = c->by_code[f] = NO_COLUMN;
    survey(c);
    out->nodes = memory_alloc(c->budget, c->n_nodes, sizeof *out->nodes);
    out->sets = memory_alloc(c->budget, c->n_sets, CATEGORY_SET);
    out->values = memory_zeroed(c->budget, c->n_values, sizeof *out->values);
    out->planes = memory_alloc(c->budget, c->n_values, sizeof *out->values);
    if (!out->nodes || !out->sets || !out->values || !out->planes) return memory_status(c->budget);
    c->n_nodes = c->n_sets = c->n_values = 0;
    athlete_status status = gather_thresholds(c);
    return status == ATHLETE_OK ? build_columns(c) : status;
}

static athlete_status compile(compiler *c) {
    const forest *model = c->model;
    scorer *out = c->out;
    size_t largest = 1;
    for (size_t t = 0; t < model->n_trees; t++) {
        size_t n = model->tree_end[t] - forest_tree_start(model, t);
        largest = n > largest ? n : largest;
    }
    out->trees = memory_zeroed(c->budget, model->n_trees, sizeof *out->trees);
    out->walks = memory_alloc(c->budget, model->n_nodes, sizeof *out->walks);
    c->queue = memory_alloc(c->budget, largest, sizeof *c->queue);
    if (!out->trees || !out->walks || !c->queue) return memory_status(c->budget);
    athlete_status status = out->kernel ? prepare_blending(c) : ATHLETE_OK;
    if (status != ATHLETE_OK) return status;
    for (size_t t = 0; t < model->n_trees; t++) {
        scorer_tree *tree = &out->trees[t];
        tree->output = model->tree_output[t];
        tree->walk = c->n_walks;
        tree->n_walk = walk_build(model, t, c->queue, out->walks + c->n_walks);
        c->n_walks += tree->n_walk;
        if (out->kernel && compile_blend(c, t, tree)) write_planes(c, tree);
        else tree->way = tree->n_walk > 0 ? WAY_WALK : WAY_REFERENCE;
    }
    drop_unused_columns(out);
    return ATHLETE_OK;
}

/* --- opening and closing -------------------------------------------------------------------------------- */

static const scorer_kernel *kernel_of(simd_level level) {
#if defined(ATHLETE_X86)
    if (level >= SIMD_256) return &scorer_kernel_avx2;
    if (level >= SIMD_128) return &scorer_kernel_sse2;
#elif defined(ATHLETE_NEON)
    if (level >= SIMD_128) return &scorer_kernel_neon;
#endif
    (void)level;
    return NULL;
}

athlete_status scorer_open(const forest *model, simd_level level, athlete_budget *budget, scorer **out) {
    *out = memory_zeroed(budget, 1, sizeof **out);
    if (!*out) return memory_status(budget);
    (*out)->model = model;
    (*out)->kernel = kernel_of(level);
    compiler c = {.model = model, .budget = budget, .out = *out};
    athlete_status status = compile(&c);
    void *const blocks[] = {c.queue, c.n_thresholds, c.n_categories, c.numeric, c.by_code, c.thresholds};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) memory_free(budget, blocks[i]);
    if (status == ATHLETE_OK) return ATHLETE_OK;
    scorer_close(budget, *out);
    *out = NULL;
    return status;
}

void scorer_close(athlete_budget *budget, scorer *compiled) {
    if (!compiled) return;
    void *const blocks[] = {compiled->columns, compiled->scale, compiled->trees,
                            compiled->nodes,   compiled->sets,  compiled->values,
                            compiled->planes,  compiled->walks, compiled};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) memory_free(budget, blocks[i]);
}
