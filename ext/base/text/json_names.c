#include "base/text/json_names.h"

#include <string.h>
#include "base/text/json_text.h"

/* Behind the quote that ends the string that begins at text[at]. */
static size_t names_string_end(const char *text, size_t length, size_t at) {
    for (at++; at < length && text[at] != '"'; at++) at += text[at] == '\\';
    return at < length ? at + 1 : length;
}

static int hexadecimal(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The character that needs no escape for which one of `length` bytes stands, or 0; *used: how many bytes that are. */
static char needless(const char *escape, size_t length, size_t *used) {
    *used = 2;
    if (length < 2) return 0;
    if (escape[1] != 'u') return escape[1] == '/' ? '/' : 0;
    *used = 6;
    int code = 0;
    for (size_t i = 2; i < 6; i++) {
        int digit = i < length ? hexadecimal(escape[i]) : -1;
        if (digit < 0) return 0;
        code = 16 * code + digit;
    }
    return code >= ' ' && code <= '~' && code != '"' && code != '\\' ? (char)code : 0;
}

static size_t names_write(const char *name, size_t length, char *out) {
    size_t n = 0, used = 1;
    for (size_t i = 0; i < length; i += used) {
        used = 1;
        char plain = name[i] == '\\' ? needless(name + i, length - i, &used) : 0;
        if (used > length - i) used = length - i;
        if (plain) {
            out[n++] = plain;
        } else {
            memmove(out + n, name + i, used);
            n += used;
        }
    }
    return n;
}

size_t json_plain_names(const char *text, size_t length, char *out) {
    size_t n = 0, at = 0;
    while (at < length) {
        const char *quote = memchr(text + at, '"', length - at);
        size_t begin = quote ? (size_t)(quote - text) : length;
        memmove(out + n, text + at, begin - at);
        n += begin - at;
        if (!quote) break;
        at = names_string_end(text, length, begin);
        size_t behind = at + json_blanks(text + at, length - at);
        if (behind < length && text[behind] == ':') {
            n += names_write(text + begin, at - begin, out + n);
        } else {
            memmove(out + n, text + begin, at - begin);
            n += at - begin;
        }
    }
    return n;
}
