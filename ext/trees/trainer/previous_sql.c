#include "trees/trainer/previous_sql.h"

#include <math.h>
#include <string.h>
#include "trees/model/rounds.h"

static const char *name_of_outputs(model_link link) {
    static const char *const names[] = {"numbers", "probabilities", "rates", "classes"};
    return names[link];
}

static athlete_status check_outputs(const train_options *options, const forest *previous,
                                    athlete_fault *fault) {
    const objective *o = &options->objective;
    if (o->n_levels > 1)
        return fault_refuse(
            fault, "option \"previous\" is for one quantile: %d share their distance among all rounds",
            o->n_levels);
    if (train_options_given(options, "base_score"))
        return fault_refuse(fault,
                            "option \"base_score\" is of the first round, which is in the previous model");
    bool any_classes = o->kind == OBJECTIVE_SOFTMAX && o->n_classes == 0;
    if (objective_link(o) != previous->link || (objective_outputs(o) != previous->n_outputs && !any_classes))
        return fault_refuse(
            fault, "the previous model has %d outputs that are %s, those of the objective %s are %d, %s",
            previous->n_outputs, name_of_outputs(previous->link), objective_name(o), objective_outputs(o),
            name_of_outputs(objective_link(o)));
    return ATHLETE_OK;
}

static athlete_status check_features(const train_columns *columns, const forest *previous,
                                     athlete_fault *fault) {
    if (previous->n_features != columns->n_features)
        return fault_refuse(fault, "the previous model has %d features, %d are given", previous->n_features,
                            columns->n_features);
    for (int f = 0; columns->feature_names && previous->feature_names && f < columns->n_features; f++) {
        if (strcmp(columns->feature_names[f], previous->feature_names[f]) != 0)
            return fault_refuse(fault, "feature %d is \"%.60s\", in the previous model \"%.60s\"", f + 1,
                                columns->feature_names[f], previous->feature_names[f]);
    }
    return ATHLETE_OK;
}

athlete_status previous_read(const train_options *options, const train_columns *columns,
                             athlete_budget *budget, forest *previous, athlete_fault *fault) {
    const char *text = options->previous;
    athlete_status status = model_read(text, strlen(text), budget, NULL, previous, fault);
    if (status == ATHLETE_INVALID)
        return fault_refuse(fault, "option \"previous\" is no model: %s", fault->text);
    if (status == ATHLETE_OK) status = check_outputs(options, previous, fault);
    if (status == ATHLETE_OK) status = check_features(columns, previous, fault);
    if (status != ATHLETE_OK) return status;
    forest_take_base_in(previous);
    return forest_can_go_on(previous)
               ? ATHLETE_OK
               : fault_refuse(fault, "the previous model has not rounds of one tree for each output");
}

bool previous_has_names(const forest *previous, int feature) {
    return previous->categories && previous->categories[feature].n > 0;
}

bool previous_splits(const forest *previous, int feature, bool by_category) {
    bool found = false;
    for (size_t i = 0; !found && i < previous->n_nodes; i++) {
        const tree_node *node = &previous->nodes[i];
        found = node->left >= 0 && node->categorical == by_category && node->feature == (uint32_t)feature;
    }
    return found;
}

int previous_rounds(const forest *previous) {
    return (int)(previous->n_trees / previous->round_trees);
}

athlete_status previous_code_names(const forest *previous, int feature, const category_list *list,
                                   float *code, athlete_fault *fault) {
    const category_names *known = &previous->categories[feature];
    for (uint32_t i = 0; i < list->n; i++) {
        const char *text = category_text(list, i);
        bool trained_on = !isnan(code[i]);
        code[i] = category_number(known, text, strlen(text));
        if (trained_on && isnan(code[i]))
            return fault_refuse(
                fault, "feature %d has the category \"%.60s\", which the previous model does not know",
                feature + 1, text);
    }
    return ATHLETE_OK;
}
