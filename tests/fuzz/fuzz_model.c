/* The reader of models, and everything that trusts what it has accepted.
**
** A text is read; if it is accepted, rows of every kind of value are put through the model. Nothing may touch memory
** that is not its own, compute what C leaves undefined, or take longer than the text's size explains. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "numbers_mutator.h"
#include "trees/model.h"

#define MEMORY_LIMIT ((size_t)64 << 20)
#define MAX_OUTPUTS  4096

static void fill(float *row, int n, int kind) {
    static const float values[] = {0, 1, -1, 0.5f, 3, 31, 1e30f, -1e30f, 16777216, NAN, 2, 33};
    size_t n_values = sizeof values / sizeof *values;
    for (int f = 0; f < n; f++) row[f] = kind < 0 ? NAN : values[((size_t)f * 5 + (size_t)kind) % n_values];
}

static void use(const forest *model, athlete_budget *budget) {
    float *row = memory_alloc(budget, (size_t)model->n_features, sizeof *row);
    float *margins = memory_alloc(budget, (size_t)model->n_outputs, sizeof *margins);
    for (int kind = -1; kind < 4 && row && margins; kind++) {
        fill(row, model->n_features, kind);
        forest_margins(model, row, margins);
        forest_outputs(model, margins);
    }
    memory_free(budget, row);
    memory_free(budget, margins);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1); /* not one byte more, so that reading past the end is found */
    if (!text) return 0;
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    athlete_budget budget = {.limit = MEMORY_LIMIT};
    forest model;
    model_fault fault = {.text = ""};
    athlete_status status = model_read(text, size, &budget, &model, &fault);
    if (status == ATHLETE_OK) use(&model, &budget);
    if (status == ATHLETE_INVALID && fault.text[0] == '\0') abort(); /* refused without a word */
    forest_free(&budget, &model);
    if (budget.used != 0) abort(); /* a leak */
    free(text);
    return 0;
}
