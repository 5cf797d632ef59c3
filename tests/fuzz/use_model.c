#include "use_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "../trees/forest_margins.h"
#include "trees/scorer/scorer.h"
#include "trees/shap/shap.h"

#define ROWS      6
#define MAX_WIDTH 256

static void fill(float *row, int n, int kind) {
    static const float values[] = {0, 1, -1, 0.5f, 3, 31, 1e30f, -1e30f, 16777216, NAN, 2, 33};
    size_t n_values = sizeof values / sizeof *values;
    for (int f = 0; f < n; f++) row[f] = kind < 0 ? NAN : values[((size_t)f * 5 + (size_t)kind) % n_values];
}

/* Where to put the rows and margins of all ways of scoring. */
typedef struct scored {
    float *rows, *margins; /* per row */
} scored;

/* All vector levels must give, for every row, the bits that the walk from the root gives. */
static void score_in_blocks(const forest *model, const scored *expected, athlete_budget *budget) {
    for (int level = SIMD_PLAIN; level <= (int)simd_available(); level++) {
        scorer *compiled = NULL;
        scorer_block block = {0};
        athlete_poll poll;
        poll_begin(&poll, NULL);
        athlete_status status = scorer_open(model, (simd_level)level, budget, &compiled);
        if (status == ATHLETE_OK) status = scorer_block_open(compiled, budget, &block);
        for (int f = 0; status == ATHLETE_OK && f < model->n_features; f++) {
            for (size_t row = 0; row < ROWS; row++)
                block.columns[(size_t)f * SCORER_STRIDE + row] =
                    expected->rows[row * (size_t)model->n_features + (size_t)f];
        }
        if (status == ATHLETE_OK) status = scorer_margins(compiled, &block, ROWS, &poll);
        for (int o = 0; status == ATHLETE_OK && o < model->n_outputs; o++) {
            for (size_t row = 0; row < ROWS; row++) {
                const float *one = &expected->margins[row * (size_t)model->n_outputs + (size_t)o];
                if (memcmp(one, &block.margins[(size_t)o * SCORER_ROWS + row], sizeof *one) != 0) abort();
            }
        }
        if (compiled) {
            scorer_block_close(budget, &block);
            scorer_close(budget, compiled);
        }
    }
}

static void explain(const forest *model, const float *rows, athlete_budget *budget) {
    athlete_poll poll;
    poll_begin(&poll, NULL);
    shap_forest explainer;
    size_t width = (size_t)model->n_features + 1, n = (size_t)model->n_outputs * width;
    double *out = memory_alloc(budget, n * (n <= 16 ? width : ROWS), sizeof *out);
    athlete_status status = shap_prepare(model, forest_all(model), budget, &poll, &explainer);
    if (status == ATHLETE_OK && out)
        status = shap_contributions(&explainer, rows, n <= 16 ? 1 : ROWS, out, &poll);
    if (status == ATHLETE_OK && out && n <= 16) shap_interactions(&explainer, rows, 1, out, &poll);
    shap_forest_free(&explainer);
    memory_free(budget, out);
}

void use_model(const forest *model, athlete_budget *budget) {
    size_t n_features = (size_t)model->n_features, n_outputs = (size_t)model->n_outputs;
    if (n_features > MAX_WIDTH || n_outputs > MAX_WIDTH) return; /* slow, and nothing new */
    scored s = {memory_alloc(budget, ROWS * n_features, sizeof *s.rows),
                memory_alloc(budget, ROWS * n_outputs, sizeof *s.margins)};
    for (size_t row = 0; row < ROWS && s.rows && s.margins; row++) {
        fill(s.rows + row * n_features, model->n_features, (int)row - 1);
        forest_margins(model, s.rows + row * n_features, s.margins + row * n_outputs);
    }
    if (s.rows && s.margins) {
        score_in_blocks(model, &s, budget);
        explain(model, s.rows, budget);
        for (size_t row = 0; row < ROWS; row++) forest_outputs(model, s.margins + row * n_outputs);
    }
    memory_free(budget, s.rows);
    memory_free(budget, s.margins);
}

void compare_models(const forest *one, const forest *other, athlete_budget *budget) {
    if (one->n_features != other->n_features || one->n_outputs != other->n_outputs) abort();
    size_t n_features = (size_t)one->n_features, n_outputs = (size_t)one->n_outputs;
    if (n_features > MAX_WIDTH || n_outputs > MAX_WIDTH) return;
    float *row = memory_alloc(budget, n_features, sizeof *row),
          *margins = memory_alloc(budget, 2 * n_outputs, sizeof *margins);
    for (int kind = -1; kind < ROWS && row && margins; kind++) {
        fill(row, one->n_features, kind);
        forest_margins(one, row, margins);
        forest_margins(other, row, margins + n_outputs);
        for (size_t o = 0; o < n_outputs; o++) {
            if (margins[o] != margins[n_outputs + o]) abort();
        }
    }
    memory_free(budget, row);
    memory_free(budget, margins);
}
