/* The reader of models, and everything that trusts what it has accepted.
**
** A text is read; if it is accepted, rows of every kind of value are put through the model, one by one and in blocks with
** every kind of vector instruction, and all must agree. Nothing may touch memory that is not its own, compute what C
** leaves undefined, or take longer than the text's size explains. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "numbers_mutator.h"
#include "trees/model.h"
#include "trees/scorer.h"

#define MEMORY_LIMIT ((size_t)64 << 20)
#define ROWS         6
#define MAX_WIDTH    256

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

static void use(const forest *model, athlete_budget *budget) {
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
        for (size_t row = 0; row < ROWS; row++) forest_outputs(model, s.margins + row * n_outputs);
    }
    memory_free(budget, s.rows);
    memory_free(budget, s.margins);
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
