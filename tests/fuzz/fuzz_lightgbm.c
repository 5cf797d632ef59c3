/* The reader of LightGBM's texts. What it accepts must survive being written as XGBoost's JSON: the reader of that accepts
** it, and every row gets the same margin. */
#include <stdlib.h>
#include <string.h>
#include "numbers_mutator.h"
#include "trees/format/lightgbm.h"
#include "use_model.h"

#define MEMORY_LIMIT ((size_t)64 << 20)

static void must(athlete_status status, const athlete_budget *budget) {
    if (status == ATHLETE_INVALID || (status != ATHLETE_OK && budget->refused == 0)) abort();
}

/* As LightGBM's text again, which must be accepted as well and have as many outputs. */
static void write_text(const forest *model, athlete_budget *budget, athlete_poll *poll) {
    text_buffer out = {.budget = budget};
    athlete_fault fault = {.text = ""};
    forest again = {.n_features = 0};
    athlete_status status = lightgbm_write(model, &out, poll, &fault);
    must(status, budget);
    if (status == ATHLETE_OK && out.length <= ATHLETE_MODEL_MAX_BYTES) {
        status = lightgbm_read(out.bytes, out.length, budget, poll, &again, &fault);
        must(status, budget);
        if (status == ATHLETE_OK && again.n_outputs != model->n_outputs) abort();
    }
    forest_free(budget, &again);
    memory_free(budget, out.bytes);
}

static void write_and_read(const forest *model, athlete_budget *budget) {
    const model_attribute none = {.name = NULL};
    const model_description description = {.objective = model->objective, .attributes = &none};
    text_buffer out = {.budget = budget};
    athlete_poll poll;
    poll_begin(&poll, NULL);
    forest again;
    athlete_fault fault;
    if (model_write(model, &description, &out, &poll) == ATHLETE_OK) {
        athlete_status status = model_read(out.bytes, out.length, budget, NULL, &again, &fault);
        if (status == ATHLETE_INVALID) abort();
        if (status == ATHLETE_OK) compare_models(model, &again, budget);
        forest_free(budget, &again);
    }
    memory_free(budget, out.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1); /* not one byte more, so that reading past the end is found */
    if (!text) return 0;
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    athlete_budget budget = {.limit = MEMORY_LIMIT};
    athlete_poll poll;
    poll_begin(&poll, NULL);
    forest model;
    athlete_fault fault = {.text = ""};
    athlete_status status = lightgbm_read(text, size, &budget, &poll, &model, &fault);
    if (status == ATHLETE_OK) {
        use_model(&model, &budget);
        write_and_read(&model, &budget);
        write_text(&model, &budget, &poll);
    }
    if (status == ATHLETE_INVALID && fault.text[0] == '\0') abort(); /* refused without a word */
    forest_free(&budget, &model);
    if (budget.used != 0) abort(); /* a leak */
    free(text);
    return 0;
}
