/* Explains random rows by a random forest and prints a digest of all bits, for test_explain.py. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "trees/shap/shap.h"

#define N_FEATURES 6
#define N_TREES    40
#define N_ROWS     37
#define N_NODES    127 /* of a tree: seven full levels */

static uint64_t state = 88172645463325252ull;

/* xorshift64 (Marsaglia 2003), as a number from -1 to 1. */
static float draw(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (float)((double)(state >> 11) * 0x1p-52 - 1);
}

static athlete_status add_tree(forest *model, int output) {
    tree_node *nodes;
    athlete_status status = forest_add_tree(NULL, model, N_NODES, output, &nodes);
    for (int32_t i = 0; status == ATHLETE_OK && i < N_NODES; i++) {
        bool is_leaf = i > N_NODES / 2 - 1;
        nodes[i] = (tree_node){.left = is_leaf ? -1 : 2 * i + 1, .parent = (i - 1) / 2, .value = draw()};
        nodes[i].feature = (uint32_t)(fabsf(draw()) * N_FEATURES);
        nodes[i].missing_left = draw() < 0;
        nodes[i].cover = fabsf(draw()) * 100;
    }
    return status;
}

static uint64_t digest(uint64_t hash, const double *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        for (int byte = 0; byte < 8; byte++, bits >>= 8)
            hash = (hash ^ (bits & 255)) * 1099511628211ull; /* FNV-1a */
    }
    return hash;
}

int main(void) {
    static float rows[N_ROWS * N_FEATURES];
    static double values[N_ROWS * 2 * (N_FEATURES + 1)],
        pairs[N_ROWS * 2 * (N_FEATURES + 1) * (N_FEATURES + 1)];
    forest model;
    if (forest_begin(NULL, &model, N_FEATURES, 2) != ATHLETE_OK) return 1;
    for (int t = 0; t < N_TREES; t++) {
        if (add_tree(&model, t % 2) != ATHLETE_OK) return 1;
    }
    for (size_t i = 0; i < N_ROWS * N_FEATURES; i++) rows[i] = draw() < -0.8f ? NAN : draw();
    athlete_poll poll;
    poll_begin(&poll, NULL);
    shap_forest explainer;
    if (shap_prepare(&model, forest_all(&model), NULL, &poll, &explainer) != ATHLETE_OK) return 1;
    if (shap_contributions(&explainer, rows, N_ROWS, values, &poll) != ATHLETE_OK) return 1;
    if (shap_interactions(&explainer, rows, N_ROWS, pairs, &poll) != ATHLETE_OK) return 1;
    uint64_t hash = digest(14695981039346656037ull, values, sizeof values / sizeof *values);
    hash = digest(hash, pairs, sizeof pairs / sizeof *pairs);
    printf("%016llx\n", (unsigned long long)hash);
    shap_forest_free(&explainer);
    forest_free(NULL, &model);
    return 0;
}
