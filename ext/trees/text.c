#include "trees/text.h"

#include <string.h>
#include "trees/decimal.h"
#include "trees/float_text.h"

void text_add_bytes(text_buffer *text, const char *bytes, size_t length) {
    if (text->status != ATHLETE_OK) return;
    text->status = memory_reserve(text->budget, &text->bytes, &text->capacity, text->length + length + 1);
    if (text->status != ATHLETE_OK) return;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_add(text_buffer *text, const char *string) {
    text_add_bytes(text, string, strlen(string));
}

void text_add_integer(text_buffer *text, int64_t x) {
    char digits[20], *p = digits + sizeof digits;
    uint64_t size = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    do *--p = (char)('0' + size % 10);
    while ((size /= 10) > 0);
    if (x < 0) text_add_bytes(text, "-", 1);
    text_add_bytes(text, p, (size_t)(digits + sizeof digits - p));
}

void text_add_float(text_buffer *text, float x) {
    char digits[ATHLETE_FLOAT_TEXT_SIZE];
    text_add_bytes(text, digits, (size_t)float_text(x, digits));
}

void text_add_double(text_buffer *text, double x) {
    char digits[ATHLETE_DECIMAL_SIZE];
    text_add_bytes(text, digits, (size_t)decimal_write(x, digits));
}

void text_add_quoted(text_buffer *text, const char *string) {
    static const char hex[] = "0123456789abcdef";
    text_add_bytes(text, "\"", 1);
    for (const char *p = string; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\') {
            text_add_bytes(text, (char[]){'\\', *p}, 2);
        } else if (c < 0x20) {
            text_add_bytes(text, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
        } else {
            text_add_bytes(text, p, 1);
        }
    }
    text_add_bytes(text, "\"", 1);
}
