/* Compares the scorer at every level of vector instructions with the plain way through the trees, on random forests of
** every shape. Prints how many margins were compared and how many differ, per level and for single rows. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "forest_margins.h"
#include "trees/model/model.h"
#include "trees/scorer/scorer.h"

static uint64_t state = 88172645463325252u;

static uint32_t random_below(uint32_t n) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)((state >> 32) % n);
}

static float random_float(void) {
    return (float)((double)random_below(2000001) / 1000000 - 1);
}

typedef struct shape {
    int n_features, n_outputs, n_trees;
    uint32_t max_splits, chain; /* in 100 splits, how many are made at the node that was made last */
    uint32_t categorical;       /* in 100 features, how many have splits by category */
    uint32_t categories;        /* that a set may have */
    uint32_t thresholds;        /* distinct ones of a feature; 0 for any */
} shape;

static const shape shapes[] = {
    {1, 1, 1, 1, 0, 0, 0, 3},          {5, 1, 30, 30, 20, 0, 0, 40},      {28, 1, 100, 30, 20, 0, 0, 0},
    {3, 1, 40, 15, 0, 0, 0, 5},        {4, 3, 60, 63, 50, 0, 0, 100},     {2, 1, 50, 255, 10, 0, 0, 253},
    {2, 1, 50, 200, 10, 0, 0, 254},    {2, 1, 50, 200, 10, 0, 0, 255},    {1, 1, 300, 255, 10, 0, 0, 0},
    {3, 2, 10, 700, 30, 0, 0, 0},      {6, 1, 50, 30, 20, 50, 20, 50},    {6, 4, 50, 60, 20, 100, 254, 50},
    {4, 1, 50, 60, 20, 50, 255, 50},   {4, 1, 30, 60, 20, 50, 3000, 300}, {40, 1, 20, 255, 100, 0, 0, 0},
    {2, 1, 3, 10000, 100, 0, 0, 0},    {2, 1, 3, 10000, 100, 50, 9, 0},   {9, 1, 20, 400, 20, 30, 40, 0},
    {1, 1, 700, 255, 10, 0, 0, 0},     {1, 1, 1, 100000, 10, 0, 0, 0},   {2, 1, 1, 4, 50, 100, 3000, 0},
    {2, 1, 1, 4, 50, 100, 3000, 0},    {2, 1, 1, 4, 50, 100, 3000, 0},   {2, 1, 1, 4, 50, 100, 3000, 0},
};

static float threshold_of(const shape *s, uint32_t feature) {
    if (s->thresholds == 0) return random_below(50) == 0 ? 0 : random_float() * 100;
    float ladder = (float)random_below(s->thresholds);
    switch (feature % 4) {
    case 0: return ladder - 2;
    case 1: return ladder * 1e-42f; /* denormal */
    case 2: return (ladder - 100) * 1e36f;
    default: return ladder * 0.1f;
    }
}

static void check(athlete_status status) {
    if (status != ATHLETE_OK) exit(2);
}

static void grow(forest *model, const shape *s, uint32_t *order) {
    uint32_t n_splits = s->max_splits == 1 ? random_below(2) : s->max_splits / 2 + random_below(s->max_splits / 2 + 1);
    tree_node *nodes;
    size_t n = 2 * (size_t)n_splits + 1;
    check(forest_add_tree(NULL, model, n, (int)random_below((uint32_t)s->n_outputs), &nodes));
    memset(nodes, 0, n * sizeof *nodes);
    size_t tree = model->n_trees - 1, n_leaves = 1;
    order[0] = 0;
    for (size_t made = 1; made < n; made += 2) { /* children are numbered before some and after other parents */
        size_t pick = random_below(100) < s->chain ? n_leaves - 1 : random_below((uint32_t)n_leaves);
        tree_node *node = model->nodes + forest_tree_start(model, tree) + order[pick];
        node->left = (int32_t)made;
        node->feature = random_below((uint32_t)s->n_features);
        node->missing_left = random_below(2);
        node->categorical = node->feature * 100 < s->categorical * (uint32_t)s->n_features;
        if (node->categorical) {
            uint32_t categories = node->feature % 2 && s->categories > 1000 ? 20 : s->categories;
            uint32_t *words, n_words = categories / 32 + 1;
            check(forest_add_set(NULL, model, n_words, &words));
            memset(words, 0, n_words * sizeof *words);
            for (uint32_t k = random_below(categories) + 1; k > 0; k--) {
                uint32_t category = random_below(categories);
                words[category / 32] |= 1u << category % 32;
            }
            node = model->nodes + forest_tree_start(model, tree) + order[pick];
            node->set = (uint32_t)model->n_sets - 1;
        } else {
            node->value = threshold_of(s, node->feature);
        }
        order[pick] = (uint32_t)made + (random_below(2) ? 1 : 0);
        order[n_leaves++] = (uint32_t)(2 * made + 1) - order[pick];
    }
    nodes = model->nodes + forest_tree_start(model, tree);
    for (size_t i = 0; i < n_leaves; i++) {
        nodes[order[i]].left = -1;
        nodes[order[i]].value = random_float();
    }
}

/* Values at and beside the thresholds, of all sizes, and missing. */
static float value_of(const forest *model, const shape *s, uint32_t feature) {
    switch (random_below(8)) {
    case 0: return NAN;
    case 1: return random_below(2) ? 0.0f : -0.0f;
    case 2: return (random_below(2) ? FLT_MAX : FLT_TRUE_MIN) * (random_below(2) ? 1 : -1);
    case 3: return random_float() * 1e30f;
    case 4: return (float)random_below(s->categories + 3) + (random_below(4) ? 0 : 0.5f);
    case 5: return -(float)random_below(4) / 2;
    default: break;
    }
    for (int tries = 0; tries < 20; tries++) {
        const tree_node *node = &model->nodes[random_below((uint32_t)model->n_nodes)];
        if (node->left < 0 || node->categorical || node->feature != feature) continue;
        uint32_t side = random_below(3);
        return side == 0 ? node->value : nextafterf(node->value, side == 1 ? -INFINITY : INFINITY);
    }
    return random_float() * 100;
}

static int same(const float *a, const float *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

int main(void) {
    long compared = 0, differing[4] = {0};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const shape *s = &shapes[i];
        forest model;
        check(forest_begin(NULL, &model, s->n_features, s->n_outputs));
        for (int o = 0; o < s->n_outputs; o++) model.base_margins[o] = random_float();
        uint32_t *order = malloc(((size_t)s->max_splits + 1) * sizeof *order);
        if (!order) return 2;
        for (int t = 0; t < s->n_trees; t++) grow(&model, s, order);
        free(order);
        size_t f_count = (size_t)s->n_features, o_count = (size_t)s->n_outputs;
        float *row = malloc(f_count * sizeof *row), *inputs = malloc((2 * f_count + 2) * sizeof *inputs);
        float *margins = malloc(2 * o_count * sizeof *margins);
        if (!row || !inputs || !margins) return 2;
        athlete_poll poll;
        poll_begin(&poll, NULL);
        scorer *compiled[3];
        scorer_block block[3];
        for (int level = 0; level < 3; level++) {
            check(scorer_open(&model, (simd_level)level, NULL, &compiled[level]));
            check(scorer_block_open(compiled[level], NULL, &block[level]));
        }
        size_t step = s->max_splits > 5000 ? 61 : 9;
        for (size_t n = SCORER_ROWS; n > 0; n -= n > 66 ? (n < step ? n : step) : step == 9 || n < 31 ? 1 : 31) {
            for (size_t r = 0; r < n; r++) {
                for (size_t f = 0; f < f_count; f++) {
                    float x = value_of(&model, s, (uint32_t)f);
                    for (int level = 0; level < 3; level++) block[level].columns[f * SCORER_STRIDE + r] = x;
                }
            }
            for (int level = 0; level < 3; level++) check(scorer_margins(compiled[level], &block[level], n, &poll));
            for (size_t r = 0; r < n; r++) {
                for (size_t f = 0; f < f_count; f++) row[f] = block[0].columns[f * SCORER_STRIDE + r];
                forest_margins(&model, row, margins);
                if (r == n - 1) {
                    scorer_row(compiled[0], row, inputs, margins + o_count);
                    for (size_t o = 0; o < o_count; o++) differing[3] += !same(&margins[o], &margins[o_count + o]);
                }
                for (size_t o = 0; o < o_count; o++) {
                    compared++;
                    for (int level = 0; level < 3; level++)
                        differing[level] += !same(&margins[o], &block[level].margins[o * SCORER_ROWS + r]);
                }
            }
        }
        for (int level = 0; level < 3; level++) {
            scorer_block_close(NULL, &block[level]);
            scorer_close(NULL, compiled[level]);
        }
        free(row), free(inputs), free(margins);
        forest_free(NULL, &model);
    }
    printf("%ld %ld %ld %ld %ld\n", compared, differing[0], differing[1], differing[2], differing[3]);
    return 0;
}
