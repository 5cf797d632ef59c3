#include "store/definition/definition_fields.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/text/sql_expression.h"

/* clang-format off */
const field group_fields[] = {
    {"feature_group", FIELD_NAME, true, 0, 0},
    {"version", FIELD_VERSION, true, 0, 0},
    {"description", FIELD_TEXT, true, 0, 0},
    {"entity", FIELD_TEXT, true, 0, 0},
    {"keys", FIELD_NAMES, true, 0, 0},
    {"row_key", FIELD_NAMES, false, 0, 0},          /* default: keys and timestamp */
    {"timestamp", FIELD_NAME, false, 0, 0},         /* default: event_timestamp */
    {"available", FIELD_NAME, false, 0, 0},         /* default: available_at */
    {"availability_delay_hours", FIELD_NUMBER, false, 0, 87600}, /* default: 0 */
    {"expected_every_hours", FIELD_NUMBER, false, 0, 87600}, /* default: none, no freshness is asked of it */
    {"time_precision", FIELD_PRECISION, false, 0, 0}, /* default: second */
    {"lookback_days", FIELD_NUMBER, false, 0, 36500}, /* default: none */
    {"reject_limit", FIELD_NUMBER, false, 0, 1},    /* default: 0.1 */
    {"table", FIELD_NAME, false, 0, 0},             /* default: the name, from version 2 on with _v2 */
    {"source", FIELD_EXPRESSION, false, 0, 0},      /* a SELECT that the features are computed from */
    {"owner", FIELD_TEXT, false, 0, 0},
    {"tags", FIELD_TEXTS, false, 0, 0},
    {"status", FIELD_STATUS, false, 0, 0},          /* default: active */
    {"computed", FIELD_FLAG, false, 0, 0},          /* by a stage, so that it takes no other rows; default: false */
    {"stage", FIELD_TEXT, false, 0, 0},             /* what "computed" was: the name of that stage */
    {"reads", FIELD_NAMES, false, 0, 0},            /* tables that it is computed from, for lineage */
    {"rules", FIELD_OBJECTS, false, 0, 0},
    {"features", FIELD_OBJECTS, true, 0, 0},
    {NULL, FIELD_TEXT, false, 0, 0}};

const field feature_fields[] = {
    {"name", FIELD_NAME, true, 0, 0},
    {"type", FIELD_TEXT, true, 0, 0},
    {"unit", FIELD_TEXT, false, 0, 0},
    {"description", FIELD_TEXT, false, 0, 0},
    {"owner", FIELD_TEXT, false, 0, 0},
    {"tags", FIELD_TEXTS, false, 0, 0},
    {"status", FIELD_STATUS, false, 0, 0},          /* default: the group's */
    {"default", FIELD_VALUE, false, 0, 0},          /* for NULL */
    {"transformation", FIELD_EXPRESSION, false, 0, 0},
    {"not_null", FIELD_FLAG, false, 0, 0},
    {"min", FIELD_NUMBER, false, -HUGE_VAL, HUGE_VAL},
    {"max", FIELD_NUMBER, false, -HUGE_VAL, HUGE_VAL},
    {"allowed", FIELD_VALUES, false, 0, 0},
    {"unique", FIELD_FLAG, false, 0, 0},
    {"pattern", FIELD_TEXT, false, 0, 0},           /* GLOB */
    {"from", FIELD_TEXTS, false, 0, 0},             /* "table.column", for lineage */
    {NULL, FIELD_TEXT, false, 0, 0}};

const field rule_fields[] = {
    {"name", FIELD_NAME, true, 0, 0},
    {"predicate", FIELD_EXPRESSION, true, 0, 0},    /* over the group's columns; NULL counts as holding */
    {"reason", FIELD_TEXT, true, 0, 0},
    {NULL, FIELD_TEXT, false, 0, 0}};

const field type_fields[] = {
    {"storage", FIELD_TEXT, true, 0, 0},
    {"check", FIELD_EXPRESSION, false, 0, 0},
    {"description", FIELD_TEXT, false, 0, 0},
    {NULL, FIELD_TEXT, false, 0, 0}};
/* clang-format on */

bool field_is_name(const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t length = strlen(text);
    return length > 0 && length <= 120 && strchr(letters, text[0]) &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == length;
}

char name_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool name_is_same(const char *a, const char *b) {
    while (*a && name_lower(*a) == name_lower(*b)) a++, b++;
    return name_lower(*a) == name_lower(*b);
}

bool version_read(const char *text, int version[3]) {
    for (int part = 0; part < 3; part++) {
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > 6 || (digits > 1 && *text == '0')) return false;
        version[part] = 0;
        for (size_t i = 0; i < digits; i++) version[part] = 10 * version[part] + (text[i] - '0');
        text += digits;
        if (*text != (part < 2 ? '.' : '\0')) return false;
        if (part < 2) text++;
    }
    return true;
}

static bool is_status(const char *text) {
    static const char *const known[] = {"draft", "active", "deprecated", "archived"};
    for (int i = 0; i < 4; i++)
        if (strcmp(text, known[i]) == 0) return true;
    return false;
}

static bool is_value(const cJSON *item) {
    return cJSON_IsString(item) || cJSON_IsNumber(item) || cJSON_IsBool(item);
}

static bool is_list(const cJSON *item, bool (*fits)(const cJSON *)) {
    if (!cJSON_IsArray(item) || !item->child) return false;
    for (const cJSON *each = item->child; each; each = each->next)
        if (!fits(each)) return false;
    return true;
}

static bool is_text(const cJSON *item) {
    return cJSON_IsString(item);
}

static bool is_name_item(const cJSON *item) {
    return cJSON_IsString(item) && field_is_name(item->valuestring);
}

static bool is_object(const cJSON *item) {
    return cJSON_IsObject(item);
}

static bool is_precision(const cJSON *item) {
    return cJSON_IsString(item) &&
           (strcmp(item->valuestring, "second") == 0 || strcmp(item->valuestring, "millisecond") == 0);
}

/* NULL, or what is expected. */
static const char *field_expects(const field *f, const cJSON *item) {
    int version[3];
    switch (f->kind) {
    case FIELD_TEXT: return cJSON_IsString(item) && *item->valuestring ? NULL : "a text";
    case FIELD_EXPRESSION: return cJSON_IsString(item) ? NULL : "SQL as a text";
    case FIELD_NAME: return is_name_item(item) ? NULL : "a name: a letter, then letters, digits and _";
    case FIELD_NAMES:
        return is_list(item, is_name_item) ? NULL : "a list of names: a letter, then letters, digits and _";
    case FIELD_TEXTS: return is_list(item, is_text) ? NULL : "a list of texts";
    case FIELD_NUMBER: return cJSON_IsNumber(item) ? NULL : "a number";
    case FIELD_FLAG: return cJSON_IsBool(item) ? NULL : "true or false";
    case FIELD_VALUE: return is_value(item) ? NULL : "a text, a number, true or false";
    case FIELD_VALUES: return is_list(item, is_value) ? NULL : "a list of texts and numbers";
    case FIELD_OBJECTS: return is_list(item, is_object) ? NULL : "a list of objects";
    case FIELD_STATUS:
        return cJSON_IsString(item) && is_status(item->valuestring) ? NULL
                                                                    : "draft, active, deprecated or archived";
    case FIELD_PRECISION: return is_precision(item) ? NULL : "second or millisecond";
    case FIELD_VERSION:
        return cJSON_IsString(item) && version_read(item->valuestring, version)
                   ? NULL
                   : "a version such as \"1.0.0\"";
    }
    return NULL;
}

static athlete_status check_field(const field *f, const cJSON *item, const char *place,
                                  athlete_fault *fault) {
    const char *expected = field_expects(f, item);
    if (expected) return fault_refuse(fault, "%s%s must be %s", place, f->name, expected);
    if (f->kind == FIELD_NUMBER) {
        if (!isfinite(item->valuedouble)) return fault_refuse(fault, "%s%s is too large", place, f->name);
        if (item->valuedouble < f->min || item->valuedouble > f->max)
            return fault_refuse(fault, "%s%s must be between %d and %d", place, f->name, (int)f->min,
                                (int)f->max);
    }
    if (f->kind == FIELD_EXPRESSION) {
        const char *wrong = sql_expression_fault(item->valuestring);
        if (wrong) return fault_refuse(fault, "%s%s %s", place, f->name, wrong);
    }
    return ATHLETE_OK;
}

athlete_status fields_check(const field *fields, const cJSON *object, const char *place,
                            athlete_fault *fault) {
    for (const cJSON *item = object->child; item; item = item->next) {
        const field *f = fields;
        while (f->name && strcmp(f->name, item->string) != 0) f++;
        if (!f->name) return fault_refuse(fault, "%s%.60s is no known field", place, item->string);
        for (const cJSON *before = object->child; before != item; before = before->next)
            if (strcmp(before->string, item->string) == 0)
                return fault_refuse(fault, "%s%s is there twice", place, f->name);
        athlete_status status = check_field(f, item, place, fault);
        if (status != ATHLETE_OK) return status;
    }
    for (const field *f = fields; f->name; f++)
        if (f->is_required && !cJSON_GetObjectItemCaseSensitive(object, f->name))
            return fault_refuse(fault, "%s%s is missing", place, f->name);
    return ATHLETE_OK;
}

const char *field_text(const cJSON *object, const char *name, const char *otherwise) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : otherwise;
}

double field_number(const cJSON *object, const char *name, double otherwise) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

bool field_flag(const cJSON *object, const char *name) {
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}
