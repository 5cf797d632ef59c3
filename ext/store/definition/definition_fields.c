#include "store/definition/definition_fields.h"

#include <math.h>
#include <string.h>
#include "base/numbers/decimal.h"
#include "base/precondition.h"
#include "base/text/sql_expression.h"

/* clang-format off */
static const field group_fields[] = {
    {"feature_group", FIELD_NAME, true, 0, 0, NULL, "its name"},
    {"version", FIELD_VERSION, true, 0, 0, NULL, "semantic: what breaks a reader needs a new first number"},
    {"description", FIELD_TEXT, true, 0, 0, NULL, "what its rows say"},
    {"entity", FIELD_TEXT, true, 0, 0, NULL, "what the keys stand for"},
    {"keys", FIELD_NAMES, true, 0, 0, NULL, "columns that a lookup asks by"},
    {"row_key", FIELD_NAMES, false, 0, 0, "(keys and timestamp)", "columns that tell one row from another"},
    {"timestamp", FIELD_NAME, false, 0, 0, "event_timestamp", "column of the time that a row describes"},
    {"available", FIELD_NAME, false, 0, 0, "available_at", "column of the time from which a row could be known; of one that does not say it, its timestamp, and from the second batch of its keys on its arrival"},
    {"availability_delay_hours", FIELD_NUMBER, false, 0, 87600, "0", "from the timestamp until a row can be known that does not say it"},
    {"expected_every_hours", FIELD_NUMBER, false, 0, 87600, "(no freshness is asked of it)", "a newest row that is older is stale"},
    {"time_precision", FIELD_PRECISION, false, 0, 0, "second", "of its times: whole seconds, or exactly three decimals"},
    {"lookback_days", FIELD_NUMBER, false, 0, 36500, "(no limit)", "the oldest row that answers a lookup"},
    {"reject_limit", FIELD_NUMBER, false, 0, 1, "0.1", "share of a batch that may break a rule before the batch is refused"},
    {"table", FIELD_NAME, false, 0, 0, "(the name, from version 2 on with _v2)", "the table of its rows"},
    {"source", FIELD_EXPRESSION, false, 0, 0, NULL, "a SELECT that the features are computed from"},
    {"owner", FIELD_TEXT, false, 0, 0, NULL, "who answers for it"},
    {"tags", FIELD_TEXTS, false, 0, 0, NULL, "words to find it by"},
    {"status", FIELD_STATUS, false, 0, 0, "active", "how far it is in its life"},
    {"computed", FIELD_FLAG, false, 0, 0, "false", "by a stage, so that it takes no other rows"},
    {"stage", FIELD_TEXT, false, 0, 0, NULL, "what computed was in older files: the name of that stage"},
    {"reads", FIELD_NAMES, false, 0, 0, NULL, "tables that it is computed from, for lineage"},
    {"rules", FIELD_OBJECTS, false, 0, 0, NULL, "what rows must keep that several columns decide"},
    {"features", FIELD_OBJECTS, true, 0, 0, NULL, "its columns; keys and times may be among them"},
    {NULL, FIELD_TEXT, false, 0, 0, NULL, NULL}};

static const field feature_fields[] = {
    {"name", FIELD_NAME, true, 0, 0, NULL, "the column"},
    {"type", FIELD_TEXT, true, 0, 0, NULL, "one of the table feature_types"},
    {"unit", FIELD_TEXT, false, 0, 0, NULL, "of its values"},
    {"description", FIELD_TEXT, false, 0, 0, NULL, "what it says"},
    {"owner", FIELD_TEXT, false, 0, 0, "(the group's)", "who answers for it"},
    {"tags", FIELD_TEXTS, false, 0, 0, NULL, "words to find it by"},
    {"status", FIELD_STATUS, false, 0, 0, "(the group's)", "how far it is in its life"},
    {"default", FIELD_VALUE, false, 0, 0, NULL, "what NULL stands for"},
    {"transformation", FIELD_EXPRESSION, false, 0, 0, "(the source's column of that name)", "how it is computed from the source"},
    {"not_null", FIELD_FLAG, false, 0, 0, "false", "a row without it is rejected"},
    {"min", FIELD_NUMBER, false, -HUGE_VAL, HUGE_VAL, NULL, "a row below it is rejected"},
    {"max", FIELD_NUMBER, false, -HUGE_VAL, HUGE_VAL, NULL, "a row above it is rejected"},
    {"allowed", FIELD_VALUES, false, 0, 0, NULL, "a row with another value is rejected"},
    {"unique", FIELD_FLAG, false, 0, 0, "false", "a row is rejected whose value another row has"},
    {"pattern", FIELD_TEXT, false, 0, 0, NULL, "GLOB that a text must be like"},
    {"from", FIELD_TEXTS, false, 0, 0, NULL, "the columns that it comes from, as table.column, for lineage"},
    {NULL, FIELD_TEXT, false, 0, 0, NULL, NULL}};

static const field rule_fields[] = {
    {"name", FIELD_NAME, true, 0, 0, NULL, "what rejects are filed under"},
    {"predicate", FIELD_EXPRESSION, true, 0, 0, NULL, "over the group's columns; NULL counts as holding"},
    {"reason", FIELD_TEXT, true, 0, 0, NULL, "what is wrong with a row for which it does not hold"},
    {NULL, FIELD_TEXT, false, 0, 0, NULL, NULL}};

static const field type_fields[] = {
    {"storage", FIELD_TEXT, true, 0, 0, NULL, "TEXT, INTEGER, REAL or BLOB"},
    {"check", FIELD_EXPRESSION, false, 0, 0, "1", "what holds for a value that is not NULL; $ stands for it"},
    {"description", FIELD_TEXT, false, 0, 0, NULL, "what it is for"},
    {NULL, FIELD_TEXT, false, 0, 0, NULL, NULL}};
/* clang-format on */

const definition_object definition_objects[] = {
    [OBJECT_GROUP] = {"", group_fields},      [OBJECT_FEATURE] = {"features[]", feature_fields},
    [OBJECT_RULE] = {"rules[]", rule_fields}, [OBJECT_TYPE] = {"types.*", type_fields},
    [OBJECT_TYPE + 1] = {NULL, NULL},
};

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

const char *field_form(field_kind kind) {
    static const char *const forms[] = {
        [FIELD_TEXT] = "a text",
        [FIELD_EXPRESSION] = "SQL as a text",
        [FIELD_NAME] = "a name: a letter, then letters, digits and _",
        [FIELD_NAMES] = "a list of names: a letter, then letters, digits and _",
        [FIELD_TEXTS] = "a list of texts",
        [FIELD_NUMBER] = "a number",
        [FIELD_FLAG] = "true or false",
        [FIELD_VALUE] = "a text, a number, true or false",
        [FIELD_VALUES] = "a list of texts and numbers",
        [FIELD_OBJECTS] = "a list of objects",
        [FIELD_STATUS] = "draft, active, deprecated or archived",
        [FIELD_PRECISION] = "second or millisecond",
        [FIELD_VERSION] = "a version such as \"1.0.0\"",
    };
    return forms[kind];
}

static bool field_fits(field_kind kind, const cJSON *item) {
    int version[3];
    switch (kind) {
    case FIELD_TEXT: return cJSON_IsString(item) && *item->valuestring;
    case FIELD_EXPRESSION: return cJSON_IsString(item);
    case FIELD_NAME: return is_name_item(item);
    case FIELD_NAMES: return is_list(item, is_name_item);
    case FIELD_TEXTS: return is_list(item, is_text);
    case FIELD_NUMBER: return cJSON_IsNumber(item);
    case FIELD_FLAG: return cJSON_IsBool(item);
    case FIELD_VALUE: return is_value(item);
    case FIELD_VALUES: return is_list(item, is_value);
    case FIELD_OBJECTS: return is_list(item, is_object);
    case FIELD_STATUS: return cJSON_IsString(item) && is_status(item->valuestring);
    case FIELD_PRECISION: return is_precision(item);
    case FIELD_VERSION: return cJSON_IsString(item) && version_read(item->valuestring, version);
    }
    return false;
}

static athlete_status check_field(const field *f, const cJSON *item, const char *place,
                                  athlete_fault *fault) {
    if (!field_fits(f->kind, item))
        return fault_refuse(fault, "%s%s must be %s", place, f->name, field_form(f->kind));
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

athlete_status fields_check(object_kind kind, const cJSON *object, const char *place, athlete_fault *fault) {
    const field *fields = definition_objects[kind].fields;
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

/* The value of a field that is not given, or NULL where something is done instead. */
static const char *field_otherwise(object_kind kind, const char *name) {
    const field *f = definition_objects[kind].fields;
    while (f->name && strcmp(f->name, name) != 0) f++;
    assert(f->name);
    return f->otherwise && f->otherwise[0] != '(' ? f->otherwise : NULL;
}

const char *field_text(object_kind kind, const cJSON *object, const char *name) {
    const cJSON *item = object ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
    return cJSON_IsString(item) ? item->valuestring : field_otherwise(kind, name);
}

double field_number(object_kind kind, const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    const char *otherwise = field_otherwise(kind, name);
    double x = -1;
    if (otherwise) decimal_read(&otherwise, &x);
    return cJSON_IsNumber(item) ? item->valuedouble : x;
}

bool field_flag(object_kind kind, const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    const char *otherwise = field_otherwise(kind, name);
    return item ? cJSON_IsTrue(item) : otherwise && strcmp(otherwise, "true") == 0;
}
