/* Names in JSON that can be compared as they are written: "\u0069d" and "id" are one name, and readers differ over it (SQLite
** compares before 3.45 what is written, and what is meant since). */
#ifndef ATHLETE_BASE_TEXT_JSON_NAMES_H
#define ATHLETE_BASE_TEXT_JSON_NAMES_H

#include <stddef.h>

/* Copies well-formed JSON into `out`, which has room for `length` bytes and may be the text itself, with every escape in a
** name that stands for a printable ASCII character, but for the quote and the backslash, as that character. Values stay as
** they are. Returns how many bytes it wrote; of text that is no JSON they mean nothing. */
size_t json_plain_names(const char *text, size_t length, char *out);

#endif
