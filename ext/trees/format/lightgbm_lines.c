#include "trees/format/lightgbm_lines.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/numbers/decimal.h"

bool lines_fail(lightgbm_reader *r, const char *format, ...) {
    if (r->status != ATHLETE_OK) return false;
    va_list arguments;
    va_start(arguments, format);
    r->status = fault_refuse_at(r->fault, r->section, format, arguments);
    va_end(arguments);
    return false;
}

/* The length of the line at `at` without its end; *next is where the one after it starts. */
static size_t line_length(const lightgbm_reader *r, size_t *next) {
    const char *line = r->text + r->at;
    const char *newline = memchr(line, '\n', r->length - r->at);
    size_t length = newline ? (size_t)(newline - line) : r->length - r->at;
    *next = r->at + length + (newline != NULL);
    return length - (length > 0 && line[length - 1] == '\r');
}

static void skip_empty_lines(lightgbm_reader *r) {
    size_t next;
    while (r->at < r->length && line_length(r, &next) == 0) r->at = next;
}

static bool starts_with(const char *text, size_t length, const char *word) {
    size_t n = strlen(word);
    return length >= n && memcmp(text, word, n) == 0 && (length == n || text[n] == '=');
}

bool lines_section(lightgbm_reader *r, const char *first) {
    size_t next;
    r->n_lines = 0;
    r->n_values = 0;
    skip_empty_lines(r);
    size_t length = line_length(r, &next);
    if (!starts_with(r->text + r->at, length, first)) return false;
    snprintf(r->section, sizeof r->section, "%.*s", length < 20 ? (int)length : 20, r->text + r->at);
    for (; length > 0; length = line_length(r, &next)) {
        if (r->n_lines == ATHLETE_LIGHTGBM_MAX_LINES) {
            return lines_fail(r, "more than %d lines", ATHLETE_LIGHTGBM_MAX_LINES);
        }
        const char *line = r->text + r->at, *equals = memchr(line, '=', length);
        size_t name_length = equals ? (size_t)(equals - line) : length;
        size_t value = equals ? name_length + 1 : length;
        r->lines[r->n_lines++] = (lightgbm_line){line, line + value, name_length, length - value};
        r->at = next;
    }
    return true;
}

const lightgbm_line *lines_find(lightgbm_reader *r, const char *name) {
    const lightgbm_line *found = NULL;
    for (int i = 0; i < r->n_lines; i++) {
        const lightgbm_line *line = &r->lines[i];
        if (line->name_length != strlen(name) || memcmp(line->name, name, line->name_length) != 0) continue;
        if (found) lines_fail(r, "%s is there twice", name);
        found = line;
    }
    return r->status == ATHLETE_OK ? found : NULL;
}

bool lines_value_is(const lightgbm_line *line, const char *value) {
    return line && line->length == strlen(value) && memcmp(line->value, value, line->length) == 0;
}

bool lines_whole(lightgbm_reader *r, const char *name, int32_t min, int32_t max, int32_t *value) {
    size_t start;
    if (!lines_numbers(r, name, false, 1, &start)) return false;
    double x = r->values[start];
    if (!(x >= min && x <= max && x == (double)(int32_t)x)) {
        return lines_fail(r, "%s is not a whole number from %d to %d", name, (int)min, (int)max);
    }
    *value = (int32_t)x;
    return true;
}

bool lines_add(lightgbm_reader *r, double x) {
    r->status = memory_reserve(r->budget, &r->values, &r->values_capacity, r->n_values + 1);
    if (r->status == ATHLETE_OK) r->values[r->n_values++] = x;
    return r->status == ATHLETE_OK;
}

/* A number, or "inf" with or without a sign, as C prints it; ends at a blank or at the end of the line. */
static athlete_status lines_read_number(const char **p, const char *end, double *x) {
    const char *word = *p + (**p == '-' || **p == '+');
    if (end - word < 3 || memcmp(word, "inf", 3) != 0) return decimal_read(p, x);
    *x = **p == '-' ? -INFINITY : INFINITY;
    *p = word + 3;
    return ATHLETE_OK;
}

bool lines_numbers(lightgbm_reader *r, const char *name, bool may_be_missing, size_t n, size_t *start) {
    const lightgbm_line *line = lines_find(r, name);
    *start = r->n_values;
    if (!line || (may_be_missing && line->length == 0)) {
        *start = SIZE_MAX;
        return r->status == ATHLETE_OK && (may_be_missing || lines_fail(r, "%s is missing", name));
    }
    const char *p = line->value, *end = line->value + line->length;
    size_t found = 0;
    for (; p < end && found < n; found++) {
        double x;
        athlete_status status = lines_read_number(&p, end, &x);
        if (status == ATHLETE_NOMEM) {
            r->status = status;
            return false;
        }
        if (status != ATHLETE_OK || p > end || (p < end && *p != ' ')) {
            return lines_fail(r, "%s[%zu] is not a number", name, found);
        }
        if (!lines_add(r, x)) return false;
        while (p < end && *p == ' ') p++;
    }
    if (p < end) return lines_fail(r, "%s has more than %zu items", name, n);
    return found == n || lines_fail(r, "%s has %zu items, expected are %zu", name, found, n);
}
