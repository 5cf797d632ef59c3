#include "base/text/json_numbers.h"

#include <math.h>
#include <string.h>
#include "base/numbers/decimal.h"

/* Behind the string whose opening quote stands at `at`. */
static size_t json_behind_string(const char *text, size_t at) {
    for (at++; text[at] != '"'; at++) at += text[at] == '\\';
    return at + 1;
}

/* Where the next number begins, or `length`. */
static size_t json_number_after(const char *text, size_t length, size_t at) {
    while (at < length && text[at] != '-' && !(text[at] >= '0' && text[at] <= '9'))
        at = text[at] == '"' ? json_behind_string(text, at) : at + 1;
    return at;
}

static void json_add_shortened(text_buffer *out, const char *number) {
    double x = 0;
    decimal_read(&number, &x);
    if (isinf(x)) text_add(out, x > 0 ? "1e999" : "-1e999");
    else text_add_double(out, x);
}

bool json_shorten_numbers(const char *text, size_t length, text_buffer *out) {
    size_t copied = 0, end;
    for (size_t at = json_number_after(text, length, 0); at < length;
         at = json_number_after(text, length, end)) {
        end = at + strspn(text + at, "+-.0123456789eE");
        if (end - at <= CJSON_NUMBER_ROOM) continue;
        text_add_bytes(out, text + copied, at - copied);
        json_add_shortened(out, text + at);
        copied = end;
    }
    if (copied > 0) text_add_bytes(out, text + copied, length - copied);
    return copied > 0;
}
