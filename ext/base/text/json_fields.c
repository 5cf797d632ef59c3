#include "base/text/json_fields.h"

#include <math.h>
#include <string.h>
#include "base/numbers/decimal.h"
#include "base/numbers/instant.h"
#include "base/text/json_text.h"
#include "base/utf8.h"

#define SMALLEST_ORDER                                                                                       \
    (-9) /* of ten: closer to 0 no measurement comes, and a quotient by it soon overflows */
#define LARGEST_ORDER 308
#define LONGEST_ID    40                 /* digits: more than any that identifies something */
#define LARGEST_WHOLE 9007199254740992.0 /* 2^53: up to here every whole number is a double */

static const struct {
    const char *name, *phrase;
} types[N_JSON_FIELD_TYPES] = {
    [JSON_FIELD_NUMBER] = {"number", "a number"},
    [JSON_FIELD_WHOLE] = {"whole", "a whole number"},
    [JSON_FIELD_BOOLEAN] = {"boolean", "true or false"},
    [JSON_FIELD_ID] = {"id", "an identifier in digits"},
    [JSON_FIELD_TEXT] = {"text", "a text"},
    [JSON_FIELD_LABEL] = {"label", "a word"},
    [JSON_FIELD_INSTANT] = {"instant", "an instant"},
    [JSON_FIELD_DATE] = {"date", "a date"},
    [JSON_FIELD_LIST] = {"list", "a list"},
    [JSON_FIELD_OBJECT] = {"object", "an object"},
};

const char *json_field_type_name(json_field_type type) {
    return types[type].name;
}

const char *json_field_type_phrase(json_field_type type) {
    return types[type].phrase;
}

/* A piece of the object's text. */
typedef struct span {
    const char *at;
    size_t length;
} span;

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_string(span value) {
    return value.at[0] == '"';
}

/* What stands between the quotes, as it is written. */
static span inside(span string) {
    return (span){string.at + 1, string.length - 2};
}

static span fields_trimmed(span s) {
    size_t blanks = json_blanks(s.at, s.length);
    s = (span){s.at + blanks, s.length - blanks};
    while (s.length > 0 && json_blanks(s.at + s.length - 1, 1)) s.length--;
    return s;
}

static bool is(span s, const char *word) {
    return s.length == strlen(word) && memcmp(s.at, word, s.length) == 0;
}

static span take(const char *text) {
    return (span){text, strlen(text)};
}

/* --- numbers -------------------------------------------------------------------------------------------- */

/* The power of ten of the first digit that is not 0, which is a limit that no length of a number can deceive; false for
** a zero. `s` is a number by the grammar. */
static bool decimal_order(span s, int64_t *order) {
    bool found = false, after_point = false;
    *order = -1;
    size_t i = s.at[0] == '-';
    for (; i < s.length && s.at[i] != 'e' && s.at[i] != 'E'; i++) {
        if (s.at[i] == '.') {
            after_point = true;
            continue;
        }
        if (after_point && found) continue;
        found |= s.at[i] != '0';
        if (after_point) *order -= !found;
        else *order += found;
    }
    if (!found) return false;
    int64_t exponent = 0;
    bool negative = i + 1 < s.length && s.at[i + 1] == '-';
    for (; i < s.length; i++) {
        if (is_digit(s.at[i]) && exponent < 1000000) exponent = 10 * exponent + (s.at[i] - '0');
    }
    *order += negative ? -exponent : exponent;
    return true;
}

static json_fault_kind fields_in_range(const json_field *field, double x) {
    return x >= field->min && x <= field->max ? JSON_FIELD_OK : JSON_FIELD_OUT_OF_RANGE;
}

static json_fault_kind fields_read_number(const json_field *field, span value, json_found *out) {
    if (is_string(value)) value = fields_trimmed(inside(value));
    const char *end = value.at;
    double x;
    athlete_status status = value.length > 0 ? decimal_read(&end, &x) : ATHLETE_INVALID;
    if (status == ATHLETE_NOMEM) return JSON_FIELD_NO_MEMORY;
    if (status != ATHLETE_OK || end != value.at + value.length) return JSON_FIELD_WRONG_TYPE;
    int64_t order;
    if (!decimal_order(value, &order)) {
        value = take(memchr(value.at, '.', value.length) ? "0.0" : "0"); /* no -0, no 0e9 */
        x = 0;
    } else if (order > LARGEST_ORDER || !isfinite(x)) {
        return JSON_FIELD_TOO_LARGE;
    } else if (order < SMALLEST_ORDER) {
        return JSON_FIELD_TOO_SMALL;
    }
    if (field->type == JSON_FIELD_WHOLE && (x != floor(x) || fabs(x) > LARGEST_WHOLE))
        return JSON_FIELD_WRONG_TYPE;
    out->value = value.at;
    out->value_length = value.length;
    return fields_in_range(field, x);
}

static json_fault_kind read_boolean(span value, json_found *out) {
    if (is_string(value)) value = inside(value);
    bool is_true = is(value, "true") || is(value, "1");
    if (!is_true && !is(value, "false") && !is(value, "0")) return JSON_FIELD_WRONG_TYPE;
    out->value = is_true ? "1" : "0";
    out->value_length = 1;
    return JSON_FIELD_OK;
}

static json_fault_kind read_id(span value, json_found *out) {
    if (is_string(value)) value = inside(value);
    if (value.length == 0 || value.length > LONGEST_ID || value.at[0] == '0') return JSON_FIELD_WRONG_TYPE;
    for (size_t i = 0; i < value.length; i++) {
        if (!is_digit(value.at[i])) return JSON_FIELD_WRONG_TYPE;
    }
    out->value = value.at;
    out->value_length = value.length;
    return JSON_FIELD_OK;
}

/* --- texts ---------------------------------------------------------------------------------------------- */

/* Of a string as JSON writes it: an escape is one character, a pair of surrogates too. */
static size_t count_characters(span s) {
    size_t n = 0;
    for (size_t i = 0; i < s.length; n++) {
        if (s.at[i] != '\\') {
            size_t bytes = utf8_length(s.at + i, s.length - i);
            i += bytes > 0 ? bytes : 1;
        } else if (s.at[i + 1] != 'u') {
            i += 2;
        } else {
            bool is_pair =
                (s.at[i + 2] == 'd' || s.at[i + 2] == 'D') && s.at[i + 3] != '0' && s.at[i + 3] > '7';
            i += is_pair ? 12 : 6;
        }
    }
    return n;
}

static json_fault_kind read_text(const json_field *field, span value, json_found *out) {
    if (!is_string(value)) return JSON_FIELD_WRONG_TYPE;
    span s = inside(value);
    if (field->type == JSON_FIELD_LABEL) {
        if (s.length == 0 || !is_letter(s.at[0])) return JSON_FIELD_WRONG_TYPE;
        for (size_t i = 1; i < s.length; i++) {
            if (!is_letter(s.at[i]) && !is_digit(s.at[i]) && !strchr(" -_", s.at[i]))
                return JSON_FIELD_WRONG_TYPE;
        }
    }
    out->value = value.at;
    out->value_length = value.length;
    return fields_in_range(field, (double)count_characters(s));
}

static json_fault_kind read_instant(const json_field *field, span value, json_found *out) {
    char text[48];
    instant when;
    if (!is_string(value)) return JSON_FIELD_WRONG_TYPE;
    span s = inside(value);
    if (s.length >= sizeof text) return JSON_FIELD_WRONG_TYPE;
    memcpy(text, s.at, s.length);
    text[s.length] = '\0';
    if (!instant_parse(text, &when)) return JSON_FIELD_WRONG_TYPE;
    if (field->type == JSON_FIELD_DATE) {
        memcpy(out->time, text, ATHLETE_DATE_SIZE - 1);
        out->time[ATHLETE_DATE_SIZE - 1] = '\0';
        return JSON_FIELD_OK;
    }
    return !when.is_day && instant_form_write(&instant_seconds, when.us, false, out->time)
               ? JSON_FIELD_OK
               : JSON_FIELD_WRONG_TYPE;
}

/* --- an object ------------------------------------------------------------------------------------------ */

static void read_field(const json_field *field, span value, json_found *out) {
    bool is_blank = field->blank_is_absent && is_string(value) && fields_trimmed(inside(value)).length == 0;
    if (out->is_there) {
        *out = (json_found){
            .text = value.at, .length = value.length, .fault = JSON_FIELD_REPEATED, .is_there = true};
        return;
    }
    out->is_there = true;
    if (is_blank || is(value, "null")) return;
    out->text = value.at;
    out->length = value.length;
    switch (field->type) {
    case JSON_FIELD_NUMBER:
    case JSON_FIELD_WHOLE: out->fault = fields_read_number(field, value, out); break;
    case JSON_FIELD_BOOLEAN: out->fault = read_boolean(value, out); break;
    case JSON_FIELD_ID: out->fault = read_id(value, out); break;
    case JSON_FIELD_TEXT:
    case JSON_FIELD_LABEL: out->fault = read_text(field, value, out); break;
    case JSON_FIELD_INSTANT:
    case JSON_FIELD_DATE: out->fault = read_instant(field, value, out); break;
    case JSON_FIELD_LIST: out->fault = value.at[0] == '[' ? JSON_FIELD_OK : JSON_FIELD_WRONG_TYPE; break;
    case JSON_FIELD_OBJECT: out->fault = value.at[0] == '{' ? JSON_FIELD_OK : JSON_FIELD_WRONG_TYPE; break;
    case N_JSON_FIELD_TYPES: break;
    }
}

/* Takes the next value behind blanks from *rest; false if there is none. */
static bool next_value(span *rest, span *value) {
    json_stop ignored;
    size_t blanks = json_blanks(rest->at, rest->length);
    *rest = (span){rest->at + blanks, rest->length - blanks};
    size_t length = json_scan(rest->at, rest->length, NULL, &ignored);
    *value = (span){rest->at, length};
    *rest = (span){rest->at + length, rest->length - length};
    return length > 0;
}

/* Takes `c` behind blanks. */
static bool next_mark(span *rest, char c) {
    size_t blanks = json_blanks(rest->at, rest->length);
    if (rest->length == blanks || rest->at[blanks] != c) return false;
    *rest = (span){rest->at + blanks + 1, rest->length - blanks - 1};
    return true;
}

/* Whether the field is called `name` in the member `outer` of the object, or in the object itself if that is empty. */
static bool is_called(const json_field *field, span outer, span name) {
    if (outer.length == 0) {
        return field->name_length == name.length && memcmp(field->name, name.at, name.length) == 0;
    }
    return field->name_length == outer.length + 1 + name.length && field->name[outer.length] == '.' &&
           memcmp(field->name, outer.at, outer.length) == 0 &&
           memcmp(field->name + outer.length + 1, name.at, name.length) == 0;
}

static bool is_held_by(const json_field *field, span holder) {
    return strncmp(field->name, holder.at, holder.length) == 0 && field->name[holder.length] == '.';
}

/* Whether the member `holder` holds fields, and is there for the first time; a second one repeats them all. */
static bool holds_fields(span holder, span value, const json_field *fields, size_t n, json_found *found) {
    bool is_first = false;
    for (size_t i = 0; i < n; i++) {
        if (!is_held_by(&fields[i], holder)) continue;
        is_first = !found[i].has_holder;
        if (!is_first)
            found[i] = (json_found){
                .text = value.at, .length = value.length, .fault = JSON_FIELD_REPEATED, .is_there = true};
        found[i].has_holder = true;
    }
    return is_first;
}

static athlete_status fields_read_members(span rest, span outer, const json_field *fields, size_t n,
                                          json_found *found) {
    span name, value;
    if (!next_mark(&rest, '{')) return ATHLETE_INVALID;
    if (next_mark(&rest, '}')) return ATHLETE_OK;
    do {
        if (!next_value(&rest, &name) || !is_string(name)) return ATHLETE_INVALID;
        if (!next_mark(&rest, ':') || !next_value(&rest, &value)) return ATHLETE_INVALID;
        name = inside(name);
        for (size_t i = 0; i < n; i++) {
            if (!is_called(&fields[i], outer, name)) continue;
            read_field(&fields[i], value, &found[i]);
            if (found[i].fault == JSON_FIELD_NO_MEMORY) return ATHLETE_NOMEM;
        }
        if (outer.length > 0 || name.length == 0 || !holds_fields(name, value, fields, n, found) ||
            value.at[0] != '{')
            continue;
        athlete_status status = fields_read_members(value, name, fields, n, found);
        if (status != ATHLETE_OK) return status;
    } while (next_mark(&rest, ','));
    return next_mark(&rest, '}') ? ATHLETE_OK : ATHLETE_INVALID;
}

athlete_status json_fields_read(const char *text, size_t length, const json_field *fields, size_t n,
                                json_found *found) {
    memset(found, 0, n * sizeof *found);
    return fields_read_members((span){text, length}, (span){"", 0}, fields, n, found);
}
