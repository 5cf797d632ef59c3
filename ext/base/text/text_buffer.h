/* A text that grows under a budget. After the first failure nothing more is added and `status` says why. */
#ifndef ATHLETE_BASE_TEXT_TEXT_BUFFER_H
#define ATHLETE_BASE_TEXT_TEXT_BUFFER_H

#include <stdint.h>
#include "base/memory.h"

#define ATHLETE_INTEGER_TEXT_SIZE 21 /* "-9223372036854775808" and the terminator */

typedef struct text_buffer {
    athlete_budget *budget;
    char *bytes; /* always terminated once something was added; memory_free it */
    size_t length, capacity;
    athlete_status status;
} text_buffer;

/* Writes x in decimal and returns the length. */
int integer_text(int64_t x, char out[ATHLETE_INTEGER_TEXT_SIZE]);

/* Where up to `length` bytes may be written, of which text_wrote then says how many were; NULL after a failure. */
char *text_room(text_buffer *text, size_t length);
void text_wrote(text_buffer *text, size_t length);

void text_add(text_buffer *text, const char *string);
void text_add_bytes(text_buffer *text, const char *bytes, size_t length);
void text_add_integer(text_buffer *text, int64_t x);
void text_add_float(text_buffer *text, float x);   /* finite; XGBoost's form (float_text.h) */
void text_add_double(text_buffer *text, double x); /* finite; 17 digits (decimal.h) */
void text_add_number(text_buffer *text, double x); /* for JSON: the shortest form; null if not finite */
void text_add_quoted(text_buffer *text, const char *string); /* as a JSON string */
void text_add_name(text_buffer *text,
                   const char *name); /* of the next member of a JSON object, which it begins */

/* A member that is a list of numbers. */
void text_add_numbers(text_buffer *text, const char *name, const double *x, size_t n);

#endif
