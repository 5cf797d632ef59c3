#include "base/text/sql_expression.h"

#include <string.h>

/* The end of what the quote at `text` opens, or NULL. A doubled quote is part of the text: it ends one and begins the next. */
static const char *quoted_end(const char *text) {
    char close = *text == '[' ? ']' : *text;
    return strchr(text + 1, close);
}

const char *sql_expression_fault(const char *text) {
    int depth = 0;
    if (text[strspn(text, " \t\r\n")] == '\0') return "is empty";
    for (const char *at = text; *at; at++) {
        switch (*at) {
        case '\'':
        case '"':
        case '`':
        case '[':
            if (!(at = quoted_end(at))) return "has a quote that is not closed";
            break;
        case '(': depth++; break;
        case ')':
            if (--depth < 0) return "closes a parenthesis that it did not open";
            break;
        case ';': return "has a semicolon";
        case '-':
            if (at[1] == '-') return "has a comment";
            break;
        case '/':
            if (at[1] == '*') return "has a comment";
            break;
        }
    }
    return depth == 0 ? NULL : "has a parenthesis that is not closed";
}
