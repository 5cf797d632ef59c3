#include "base/text/text_buffer.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "base/numbers/decimal.h"
#include "base/numbers/float_text.h"
#include "base/precondition.h"

char *text_room(text_buffer *text, size_t length) {
    if (text->status == ATHLETE_OK)
        text->status = memory_reserve(text->budget, &text->bytes, &text->capacity, text->length + length + 1);
    return text->status == ATHLETE_OK ? text->bytes + text->length : NULL;
}

void text_wrote(text_buffer *text, size_t length) {
    assert(text->length + length < text->capacity);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_add_bytes(text_buffer *text, const char *bytes, size_t length) {
    char *to = text_room(text, length);
    if (!to) return;
    memcpy(to, bytes, length);
    text_wrote(text, length);
}

void text_add(text_buffer *text, const char *string) {
    text_add_bytes(text, string, strlen(string));
}

int integer_text(int64_t x, char out[ATHLETE_INTEGER_TEXT_SIZE]) {
    char digits[20], *p = digits + sizeof digits;
    uint64_t size = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    do *--p = (char)('0' + size % 10);
    while ((size /= 10) > 0);
    int length = 0;
    if (x < 0) out[length++] = '-';
    while (p < digits + sizeof digits) out[length++] = *p++;
    out[length] = '\0';
    return length;
}

void text_add_integer(text_buffer *text, int64_t x) {
    char digits[ATHLETE_INTEGER_TEXT_SIZE];
    text_add_bytes(text, digits, (size_t)integer_text(x, digits));
}

void text_add_float(text_buffer *text, float x) {
    char digits[ATHLETE_FLOAT_TEXT_SIZE];
    text_add_bytes(text, digits, (size_t)float_text(x, digits));
}

void text_add_double(text_buffer *text, double x) {
    char digits[ATHLETE_DECIMAL_SIZE];
    text_add_bytes(text, digits, (size_t)decimal_write(x, digits));
}

void text_add_number(text_buffer *text, double x) {
    char digits[ATHLETE_DECIMAL_SIZE];
    if (isfinite(x)) text_add_bytes(text, digits, (size_t)decimal_write_short(x, digits));
    else text_add(text, "null");
}

static bool is_plain(unsigned char c) {
    return c >= 0x20 && c != '"' && c != '\\';
}

void text_add_quoted(text_buffer *text, const char *string) {
    static const char hex[] = "0123456789abcdef";
    text_add_bytes(text, "\"", 1);
    for (const char *p = string; *p;) {
        const char *start = p;
        while (is_plain((unsigned char)*p)) p++;
        text_add_bytes(text, start, (size_t)(p - start));
        if (!*p) break;
        unsigned char c = (unsigned char)*p++;
        if (c < 0x20) text_add_bytes(text, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
        else text_add_bytes(text, (char[]){'\\', (char)c}, 2);
    }
    text_add_bytes(text, "\"", 1);
}

void text_add_name(text_buffer *text, const char *name) {
    text_add(text, text->length == 0 ? "{" : ", ");
    text_add_quoted(text, name);
    text_add(text, ": ");
}

void text_add_numbers(text_buffer *text, const char *name, const double *x, size_t n) {
    text_add_name(text, name);
    text_add(text, "[");
    for (size_t i = 0; i < n; i++) {
        if (i > 0) text_add(text, ", ");
        text_add_number(text, x[i]);
    }
    text_add(text, "]");
}
