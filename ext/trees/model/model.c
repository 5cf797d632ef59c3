#include "trees/model/model.h"

athlete_status forest_begin(athlete_budget *budget, forest *model, int n_features, int n_outputs) {
    *model = (forest){.n_features = n_features, .n_outputs = n_outputs, .round_trees = (size_t)n_outputs};
    model->base_scores = memory_zeroed(budget, (size_t)n_outputs, sizeof *model->base_scores);
    model->base_margins = memory_zeroed(budget, (size_t)n_outputs, sizeof *model->base_margins);
    return model->base_scores && model->base_margins ? ATHLETE_OK : memory_status(budget);
}

void forest_free(athlete_budget *budget, forest *model) {
    for (int f = 0; model->categories && f < model->n_features; f++) {
        memory_free(budget, model->categories[f].name);
    }
    void *const blocks[] = {model->base_scores, model->base_margins, model->tree_end,  model->tree_output,
                            model->nodes,       model->set_end,      model->set_words, model->feature_names,
                            model->categories,  model->classes.name, model->strings};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) memory_free(budget, blocks[i]);
    *model = (forest){.n_features = 0};
}

athlete_status forest_add_tree(athlete_budget *budget, forest *model, size_t n_nodes, int output,
                               tree_node **nodes) {
    size_t n_trees = model->n_trees + 1;
    athlete_status status = memory_reserve(budget, &model->tree_end, &model->trees_capacity, n_trees);
    if (status == ATHLETE_OK)
        status = memory_reserve(budget, &model->tree_output, &model->outputs_capacity, n_trees);
    if (status == ATHLETE_OK)
        status = memory_reserve(budget, &model->nodes, &model->nodes_capacity, model->n_nodes + n_nodes);
    if (status != ATHLETE_OK) return status;
    *nodes = model->nodes + model->n_nodes;
    model->n_nodes += n_nodes;
    model->tree_output[model->n_trees] = (uint32_t)output;
    model->tree_end[model->n_trees++] = model->n_nodes;
    return ATHLETE_OK;
}

athlete_status forest_add_set(athlete_budget *budget, forest *model, size_t n_words, uint32_t **words) {
    size_t start = model->n_sets == 0 ? 0 : model->set_end[model->n_sets - 1];
    athlete_status status = memory_reserve(budget, &model->set_end, &model->sets_capacity, model->n_sets + 1);
    if (status == ATHLETE_OK)
        status = memory_reserve(budget, &model->set_words, &model->words_capacity, start + n_words);
    if (status != ATHLETE_OK) return status;
    *words = model->set_words + start;
    model->set_end[model->n_sets++] = start + n_words;
    return ATHLETE_OK;
}

bool forest_has_base(const forest *model) {
    bool nothing = true, alike = true;
    for (int k = 0; k < model->n_outputs; k++) {
        nothing = nothing && model->base_margins[k] == 0;
        alike = alike && model->base_margins[k] == model->base_margins[0];
    }
    return !nothing && !(model->link == MODEL_SOFTMAX && alike);
}

void forest_take_base_in(forest *model) {
    if (!forest_has_base(model)) return;
    float score = model->link == MODEL_LOGISTIC ? 0.5f : model->link == MODEL_EXPONENTIAL ? 1 : 0;
    for (int k = 0; k < model->n_outputs; k++) model->base_scores[k] = score;
    for (size_t t = 0; t < model->n_trees; t++) {
        float *base = &model->base_margins[model->tree_output[t]];
        for (size_t i = forest_tree_start(model, t); *base != 0 && i < model->tree_end[t]; i++) {
            if (model->nodes[i].left < 0) model->nodes[i].value += *base;
        }
        *base = 0;
    }
}
