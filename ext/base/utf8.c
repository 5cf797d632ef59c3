#include "base/utf8.h"

#include <string.h>

void utf8_mend(char *text) {
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        size_t n = utf8_length(text + at, length - at);
        if (n == 0) text[at] = '?';
        at += n > 0 ? n : 1;
    }
}
