#include "base/text/json_text.h"

#include <string.h>
#include "base/precondition.h"
#include "base/text/json_numbers.h"
#include "base/utf8.h"

typedef struct scanner {
    const char *text;
    size_t length, at;
    size_t polled; /* the poll knows of the work before this offset */
    athlete_poll *poll;
    const char *reason;
} scanner;

#define BYTE_NS 4 /* work per byte; measured 1.5 in long strings, 4 in short values */

static bool scan_fail(scanner *s, const char *reason) {
    if (!s->reason) s->reason = reason;
    return false;
}

/* False when the caller's poll asks to stop. Stands in every loop whose length the text decides. */
static bool scan_go_on(scanner *s) {
    if (s->at - s->polled < JSON_POLL_STRIDE || !s->poll) return true;
    size_t work = s->at - s->polled;
    s->polled = s->at;
    return !poll_due(s->poll, work * BYTE_NS) || scan_fail(s, "interrupted");
}

static int peek(const scanner *s) {
    return s->at < s->length ? (unsigned char)s->text[s->at] : -1;
}

static bool json_is_digit(int c) {
    return c >= '0' && c <= '9';
}

size_t json_blanks(const char *text, size_t length) {
    size_t n = 0;
    while (n < length && (text[n] == ' ' || text[n] == '\t' || text[n] == '\n' || text[n] == '\r')) n++;
    return n;
}

static void scan_skip_blanks(scanner *s) {
    size_t stride, blanks;
    do {
        stride = s->length - s->at < JSON_POLL_STRIDE ? s->length - s->at : JSON_POLL_STRIDE;
        blanks = json_blanks(s->text + s->at, stride);
        s->at += blanks;
    } while (blanks == JSON_POLL_STRIDE && scan_go_on(s));
}

static bool scan_utf8(scanner *s) {
    size_t n = utf8_length(s->text + s->at, s->length - s->at);
    s->at += n;
    return n > 0 || scan_fail(s, "text that is not UTF-8");
}

static bool scan_hex4(scanner *s, unsigned *code) {
    *code = 0;
    for (int i = 0; i < 4; i++, s->at++) {
        int c = peek(s);
        unsigned digit;
        if (json_is_digit(c)) digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f') digit = (unsigned)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F') digit = (unsigned)(c - 'A' + 10);
        else return scan_fail(s, "\\u needs four hexadecimal digits");
        *code = *code * 16 + digit;
    }
    return true;
}

static bool scan_escape(scanner *s) {
    s->at++;
    int c = peek(s);
    if (c != 'u') {
        if (c <= 0 || !strchr("\"\\/bfnrt", c)) return scan_fail(s, "an unknown escape in a string");
        s->at++;
        return true;
    }
    unsigned code, low;
    s->at++;
    if (!scan_hex4(s, &code)) return false;
    if (code == 0) return scan_fail(s, "\\u0000 in a string");
    if (code >= 0xdc00 && code <= 0xdfff) return scan_fail(s, "half of a surrogate pair");
    if (code < 0xd800 || code > 0xdbff) return true;
    if (s->length - s->at < 6 || s->text[s->at] != '\\' || s->text[s->at + 1] != 'u') {
        return scan_fail(s, "half of a surrogate pair");
    }
    s->at += 2;
    if (!scan_hex4(s, &low)) return false;
    return (low >= 0xdc00 && low <= 0xdfff) || scan_fail(s, "half of a surrogate pair");
}

/* Most of any text: ASCII that is no quote, backslash or control character. */
static void scan_plain(scanner *s) {
    size_t end = s->length - s->at < JSON_POLL_STRIDE ? s->length : s->at + JSON_POLL_STRIDE;
    for (; s->at < end; s->at++) {
        unsigned char c = (unsigned char)s->text[s->at];
        if (c < 0x20 || c > 0x7f || c == '"' || c == '\\') return;
    }
}

static bool scan_string(scanner *s) {
    s->at++;
    while (scan_go_on(s)) {
        scan_plain(s);
        int c = peek(s);
        if (c < 0) return scan_fail(s, "a string without its closing quote");
        if (c == '"') {
            s->at++;
            return true;
        }
        if (c < 0x20) return scan_fail(s, "a control character in a string");
        if (c == '\\' ? !scan_escape(s) : !scan_utf8(s)) return false;
    }
    return false;
}

static bool scan_digits(scanner *s) {
    if (!json_is_digit(peek(s))) return scan_fail(s, "a number without digits");
    while (json_is_digit(peek(s)) && scan_go_on(s)) s->at++;
    return !s->reason;
}

static bool scan_number(scanner *s) {
    if (peek(s) == '-') s->at++;
    if (peek(s) == '0') {
        s->at++;
        if (json_is_digit(peek(s))) return scan_fail(s, "a number may not start with 0");
    } else if (!scan_digits(s)) {
        return false;
    }
    if (peek(s) == '.') {
        s->at++;
        if (!scan_digits(s)) return false;
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-') s->at++;
        if (!scan_digits(s)) return false;
    }
    return true;
}

static bool scan_word(scanner *s, const char *word) {
    size_t n = strlen(word);
    if (s->length - s->at < n || memcmp(s->text + s->at, word, n) != 0)
        return scan_fail(s, "an unknown word");
    s->at += n;
    return true;
}

static bool scan_value(scanner *s, int depth);

static bool scan_members(scanner *s, int depth, char close) {
    s->at++;
    scan_skip_blanks(s);
    if (peek(s) == close) {
        s->at++;
        return true;
    }
    while (scan_go_on(s)) {
        scan_skip_blanks(s);
        if (close == '}') {
            if (peek(s) != '"') return scan_fail(s, "a name in quotes was expected");
            if (!scan_string(s)) return false;
            scan_skip_blanks(s);
            if (peek(s) != ':') return scan_fail(s, "a colon was expected");
            s->at++;
            scan_skip_blanks(s);
        }
        if (!scan_value(s, depth)) return false;
        scan_skip_blanks(s);
        int c = peek(s);
        if (c == ',') {
            s->at++;
        } else if (c == close) {
            s->at++;
            return true;
        } else if (c < 0) {
            return scan_fail(s, "the text ends too early");
        } else {
            return scan_fail(s, "a comma or the end was expected");
        }
    }
    return false;
}

static bool scan_value(scanner *s, int depth) {
    if (depth > ATHLETE_JSON_DEPTH) return scan_fail(s, "nested more than 64 deep");
    switch (peek(s)) {
    case '{': return scan_members(s, depth + 1, '}');
    case '[': return scan_members(s, depth + 1, ']');
    case '"': return scan_string(s);
    case 't': return scan_word(s, "true");
    case 'f': return scan_word(s, "false");
    case 'n': return scan_word(s, "null");
    case -1: return scan_fail(s, "the text ends too early");
    default:
        if (peek(s) == '-' || json_is_digit(peek(s))) return scan_number(s);
        return scan_fail(s, "no JSON value starts like this");
    }
}

size_t json_scan(const char *text, size_t length, athlete_poll *poll, json_stop *stop) {
    scanner s = {.text = text, .length = length, .poll = poll};
    scan_value(&s, 0);
    if (poll && poll_due(poll, (s.at - s.polled) * BYTE_NS)) scan_fail(&s, "interrupted");
    if (!s.reason) return s.at;
    *stop = (json_stop){.offset = s.at, .reason = s.reason};
    return 0;
}

athlete_status json_refuse(athlete_fault *fault, json_stop stop) {
    return fault_refuse(fault, "%s at byte %zu", stop.reason, stop.offset);
}

/* Of a text that has passed the scan. */
static athlete_status json_tree_of(const char *text, size_t length, cJSON **tree) {
    *tree = cJSON_ParseWithLength(text, length + 1);
    if (*tree) return ATHLETE_OK;
    text_buffer shorter = {0};
    if (json_shorten_numbers(text, length, &shorter) && shorter.status == ATHLETE_OK)
        *tree = cJSON_ParseWithLength(shorter.bytes, shorter.length + 1);
    memory_free(NULL, shorter.bytes);
    return *tree ? ATHLETE_OK : ATHLETE_NOMEM;
}

athlete_status json_parse_stop(const char *text, size_t length, cJSON **tree, json_stop *stop) {
    assert(text[length] == '\0');
    *tree = NULL;
    *stop = (json_stop){0, NULL};
    size_t start = json_blanks(text, length);
    size_t end = json_scan(text + start, length - start, NULL, stop);
    if (end == 0) {
        stop->offset += start;
        return ATHLETE_INVALID;
    }
    end += start;
    end += json_blanks(text + end, length - end);
    if (end != length) {
        *stop = (json_stop){end, "something follows the value"};
        return ATHLETE_INVALID;
    }
    return json_tree_of(text, length, tree);
}

athlete_status json_parse(const char *text, size_t length, cJSON **tree, athlete_fault *fault) {
    json_stop stop;
    athlete_status status = json_parse_stop(text, length, tree, &stop);
    return status == ATHLETE_INVALID ? json_refuse(fault, stop) : status;
}
