#include "trees/learner/node_features.h"

#include <string.h>
#include "trees/learner/sample.h"

bool node_features_differ(const grow_rules *rules) {
    return rules->interactions || (rules->colsample_bynode > 0 && rules->colsample_bynode < 1);
}

athlete_status node_features_begin(grower *g) {
    if (!node_features_differ(g->rules)) return ATHLETE_OK;
    size_t n_features = (size_t)g->bins->n_features, words = n_features / 64 + 1;
    g->node_features = memory_alloc(g->budget, n_features, sizeof *g->node_features);
    g->feature_order = memory_alloc(g->budget, n_features, sizeof *g->feature_order);
    g->path = memory_alloc(g->budget, words, sizeof *g->path);
    g->reachable = memory_alloc(g->budget, words, sizeof *g->reachable);
    bool has_room = g->node_features && g->feature_order && g->path && g->reachable;
    return has_room ? ATHLETE_OK : memory_status(g->budget);
}

static void node_features_add(uint64_t *set, int feature) {
    set[feature / 64] |= (uint64_t)1 << feature % 64;
}

/* Into g->reachable: the features of the path to a node, and those of every set of interactions that has all of them. */
static void find_reachable(grower *g, size_t id) {
    const grow_rules *rules = g->rules;
    size_t words = rules->interaction_words;
    memset(g->path, 0, words * sizeof *g->path);
    for (int32_t at = g->nodes[id].parent; at >= 0; at = g->nodes[at].parent)
        node_features_add(g->path, g->bins->source_feature[g->grown[at].split.feature]);
    memcpy(g->reachable, g->path, words * sizeof *g->path);
    for (size_t i = 0; i < rules->n_interactions; i++) {
        const uint64_t *set = rules->interactions + i * words;
        bool has_path = true;
        for (size_t w = 0; w < words; w++) has_path = has_path && (g->path[w] & ~set[w]) == 0;
        for (size_t w = 0; has_path && w < words; w++) g->reachable[w] |= set[w];
    }
}

void node_features_choose(grower *g, size_t id, split_finder *finder) {
    finder->features = g->tree_features;
    finder->n_features = g->n_tree_features;
    if (!node_features_differ(g->rules)) return;
    bool limited = g->rules->interactions && g->nodes[id].parent >= 0;
    if (limited) find_reachable(g, id);
    int n = 0;
    for (int i = 0; i < g->n_tree_features; i++) {
        int feature = g->tree_features[i], source = g->bins->source_feature[feature];
        if (!limited || g->reachable[source / 64] >> source % 64 & 1) g->node_features[n++] = feature;
    }
    double share = g->rules->colsample_bynode;
    if (n > 0 && share > 0 && share < 1)
        n = sample_list(g->node_features, n, share, g->rules->seed, g->n_trees, id, g->feature_order);
    finder->features = g->node_features;
    finder->n_features = n;
}
