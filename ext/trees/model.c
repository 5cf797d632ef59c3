#include "trees/model.h"

void forest_free(athlete_budget *budget, forest *model) {
    memory_free(budget, model->tree_end);
    memory_free(budget, model->nodes);
    *model = (forest){.n_features = 0};
}

athlete_status forest_add_tree(athlete_budget *budget, forest *model, size_t n_nodes, tree_node **nodes) {
    void *ends = model->tree_end, *all = model->nodes;
    athlete_status status =
        memory_grow(budget, &ends, &model->trees_capacity, model->n_trees + 1, sizeof *model->tree_end);
    model->tree_end = ends;
    if (status != ATHLETE_OK) return status;
    status =
        memory_grow(budget, &all, &model->nodes_capacity, model->n_nodes + n_nodes, sizeof *model->nodes);
    model->nodes = all;
    if (status != ATHLETE_OK) return status;
    *nodes = model->nodes + model->n_nodes;
    model->n_nodes += n_nodes;
    model->tree_end[model->n_trees++] = model->n_nodes;
    return ATHLETE_OK;
}
