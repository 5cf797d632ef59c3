/* UTF-8, as Unicode 15 has it in table 3-7. */
#ifndef ATHLETE_BASE_UTF8_H
#define ATHLETE_BASE_UTF8_H

#include <stddef.h>

/* The bytes of the one well-formed sequence at text[0], or 0. `length` is at least 1. */
static inline size_t utf8_length(const char *text, size_t length) {
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, length;
    } forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    const unsigned char *p = (const unsigned char *)text;
    if (length > 0 && p[0] <= 0x7f) return 1;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (p[0] < forms[i].first_low || p[0] > forms[i].first_high) continue;
        if (length < forms[i].length) return 0;
        if (p[1] < forms[i].second_low || p[1] > forms[i].second_high) return 0;
        for (size_t k = 2; k < forms[i].length; k++) {
            if ((p[k] & 0xc0) != 0x80) return 0;
        }
        return forms[i].length;
    }
    return 0;
}

/* Puts a question mark in the place of each byte of `text`, up to its zero byte, that belongs to no sequence. */
void utf8_mend(char *text);

#endif
