/* The margins of a row by their definition, which whatever is faster must give to the bit. */
#ifndef ATHLETE_TESTS_FOREST_MARGINS_H
#define ATHLETE_TESTS_FOREST_MARGINS_H

#include <string.h>
#include "trees/model/model.h"
#include "trees/model/predict.h"

static inline void forest_margins(const forest *model, const float *row, float *margins) {
    memcpy(margins, model->base_margins, (size_t)model->n_outputs * sizeof *margins);
    for (size_t t = 0; t < model->n_trees; t++) {
        margins[model->tree_output[t]] += forest_leaf(model, t, row, 1)->value;
    }
}

#endif
