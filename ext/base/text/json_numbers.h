/* Numbers that cJSON has no room for.
**
** Until 1.7.19 cJSON reads a number's first 63 characters and takes what follows for an error. RFC 8259 sets no limit,
** and people's tools do write such numbers: a sum with all digits of a decimal type, 1e-300 without an exponent. */
#ifndef ATHLETE_BASE_TEXT_JSON_NUMBERS_H
#define ATHLETE_BASE_TEXT_JSON_NUMBERS_H

#include <stdbool.h>
#include "base/text/text_buffer.h"

#define CJSON_NUMBER_ROOM 63

/* Adds the text, which json_scan has passed, with each number of more characters written as the double that it is (1e999 if
** infinite). False, and nothing added, if there is no such number. */
bool json_shorten_numbers(const char *text, size_t length, text_buffer *out);

#endif
