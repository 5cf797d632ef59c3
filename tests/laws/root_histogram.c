/* Trains a few trees of the squared error as boost.c does, and after each compares the next root's histogram as score_update_squared.h finds it
** with the one that is summed up from all rows. Prints how many roots were found by algebra, and how many words differ. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "trees/boosting/score_update_squared.h"

#define ROWS     40000
#define FEATURES 7
#define TREES    30

static double draw(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0;
}

int main(void) {
    float *values = malloc(sizeof(float) * ROWS * FEATURES);
    double *gradients = malloc(sizeof(double) * ROWS), *hessians = malloc(sizeof(double) * ROWS);
    if (!values || !gradients || !hessians) return 2;
    uint64_t state = 7;
    for (size_t i = 0; i < ROWS; i++) {
        float *row = values + i * FEATURES;
        for (int f = 0; f < FEATURES; f++) row[f] = draw(&state) < 0.1 ? NAN : (float)draw(&state);
        gradients[i] = -10 * draw(&state) - (isnan(row[0]) ? 3 : row[0] * row[0]);
        hessians[i] = 1;
    }
    athlete_budget budget = {.limit = 0};
    athlete_poll poll;
    athlete_pool pool;
    poll_begin(&poll, NULL);
    pool_begin(&pool, 2, &poll);
    bin_matrix bins;
    const bin_source source = {.values = values, .n_rows = ROWS, .n_features = FEATURES, .max_bin = 255};
    grow_rules rules = {
        .split = {.lambda = 1, .min_child_rows = 20}, .max_leaves = 31, .best_gain_first = true};
    grower g;
    squared_update r;
    int features[FEATURES] = {0, 1, 2, 3, 4, 5, 6};
    if (bins_build(&source, &budget, &pool, &bins) || grower_begin(&g, &bins, NULL, &rules, &budget, &pool) ||
        grower_fit(&g, gradients, hessians) || squared_update_begin(&r, &g))
        return 3;
    size_t n_slots = bins.offset[FEATURES], n_found = 0, n_differing = 0;
    histogram direct = {.words = malloc(histogram_words(&bins) * sizeof *direct.words)};
    uint32_t *all = malloc(ROWS * sizeof *all);
    if (!direct.words || !all) return 2;
    for (uint32_t row = 0; row < ROWS; row++) all[row] = row;
    for (int tree = 0; tree < TREES && r.kept; tree++) {
        memcpy(g.rows, all, ROWS * sizeof *all);
        if (grow_tree(&g, ROWS, features, FEATURES)) return 3;
        for (size_t id = 0; id < g.n_nodes; id++)
            if (g.nodes[id].left < 0) g.nodes[id].value = (float)(0.3 * grower_weight(&g, id));
        if (squared_update_rows(&r, &g, 0) || histogram_build(&g.builder, all, ROWS, &direct)) return 3;
        n_found += g.has_root;
        for (size_t i = 0; g.has_root && i < n_slots; i++) n_differing += g.root[i] != direct.words[i];
    }
    printf("%zu %zu\n", n_found, n_differing);
    grower_end(&g);
    bins_free(&budget, &bins);
    pool_end(&pool);
    poll_end(&poll);
    free(all), free(direct.words), free(hessians), free(gradients), free(values);
    return budget.used != 0;
}
