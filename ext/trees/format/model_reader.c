#include "trees/format/model_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool reader_fail(model_reader *r, const char *format, ...) {
    if (r->status != ATHLETE_OK) return false;
    va_list arguments;
    va_start(arguments, format);
    r->status = fault_refuse_at(r->fault, NULL, format, arguments);
    va_end(arguments);
    return false;
}

bool reader_has(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name) != NULL;
}

const cJSON *reader_find(model_reader *r, const cJSON *object, const char *name) {
    if (r->status != ATHLETE_OK) return NULL;
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!member) reader_fail(r, "%s.%s is missing", r->path, name);
    for (const cJSON *other = member ? member->next : NULL; other; other = other->next) {
        if (strcmp(other->string, name) == 0) reader_fail(r, "%s.%s is there twice", r->path, name);
    }
    return r->status == ATHLETE_OK ? member : NULL;
}

const cJSON *reader_object(model_reader *r, const cJSON *object, const char *name) {
    const cJSON *member = reader_find(r, object, name);
    if (member && !cJSON_IsObject(member)) reader_fail(r, "%s.%s is not an object", r->path, name);
    return r->status == ATHLETE_OK ? member : NULL;
}

const cJSON *reader_array(model_reader *r, const cJSON *object, const char *name) {
    const cJSON *member = reader_find(r, object, name);
    if (member && !cJSON_IsArray(member)) reader_fail(r, "%s.%s is not an array", r->path, name);
    return r->status == ATHLETE_OK ? member : NULL;
}

const char *reader_string(model_reader *r, const cJSON *object, const char *name) {
    const cJSON *member = reader_find(r, object, name);
    if (member && !cJSON_IsString(member)) reader_fail(r, "%s.%s is not a string", r->path, name);
    return r->status == ATHLETE_OK ? member->valuestring : NULL;
}

/* The first item of the array that is no number. */
static size_t first_other(const cJSON *array) {
    size_t i = 0;
    for (const cJSON *item = array->child; item && (cJSON_IsNumber(item) || cJSON_IsBool(item)); i++) {
        item = item->next;
    }
    return i;
}

bool reader_numbers(model_reader *r, const cJSON *object, const char *name, number_list *list) {
    const cJSON *member = reader_array(r, object, name);
    if (!member || number_list_of(&r->text, member, list)) return member != NULL;
    return reader_fail(r, "%s.%s[%zu] is not a number", r->path, name, first_other(member));
}

int32_t reader_count(model_reader *r, const cJSON *object, const char *name, int32_t max) {
    const char *digits = reader_string(r, object, name);
    if (!digits) return -1;
    int64_t count = 0;
    const char *p = digits;
    for (; *p >= '0' && *p <= '9' && count <= max; p++) count = 10 * count + (*p - '0');
    if (p == digits || *p || count > max) {
        reader_fail(r, "%s.%s is \"%.20s\", not a whole number from 0 to %d", r->path, name, digits,
                    (int)max);
        return -1;
    }
    return (int32_t)count;
}
