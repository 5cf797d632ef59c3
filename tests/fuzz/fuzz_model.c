/* The reader of models, and everything that trusts what it has accepted.
**
** A text is read; if it is accepted, rows of every kind of value are put through the model, one by one and in blocks with
** every kind of vector instruction, and all must agree. Nothing may touch memory that is not its own, compute what C
** leaves undefined, or take longer than the text's size explains. */
#include <stdlib.h>
#include <string.h>
#include "numbers_mutator.h"
#include "use_model.h"

#define MEMORY_LIMIT ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1); /* not one byte more, so that reading past the end is found */
    if (!text) return 0;
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    athlete_budget budget = {.limit = MEMORY_LIMIT};
    forest model;
    athlete_fault fault = {.text = ""};
    athlete_status status = model_read(text, size, &budget, NULL, &model, &fault);
    if (status == ATHLETE_OK) use_model(&model, &budget);
    if (status == ATHLETE_INVALID && fault.text[0] == '\0') abort(); /* refused without a word */
    forest_free(&budget, &model);
    if (budget.used != 0) abort(); /* a leak */
    free(text);
    return 0;
}
