/* A text that grows under a budget. After the first failure nothing more is added and `status` says why. */
#ifndef ATHLETE_TREES_TEXT_H
#define ATHLETE_TREES_TEXT_H

#include <stdint.h>
#include "base/memory.h"

typedef struct text_buffer {
    athlete_budget *budget;
    char *bytes; /* always terminated once something was added; memory_free it */
    size_t length, capacity;
    athlete_status status;
} text_buffer;

void text_add(text_buffer *text, const char *string);
void text_add_bytes(text_buffer *text, const char *bytes, size_t length);
void text_add_integer(text_buffer *text, int64_t x);
void text_add_float(text_buffer *text, float x);             /* finite; XGBoost's form (float_text.h) */
void text_add_double(text_buffer *text, double x);           /* finite; 17 digits (decimal.h) */
void text_add_quoted(text_buffer *text, const char *string); /* as a JSON string */

#endif
