#include "base/binding/options.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "base/binding/function.h"
#include "base/numbers/decimal.h"
#include "base/precondition.h"
#include "base/text/json_text.h"

static athlete_status unknown(const athlete_option *table, const char *name, athlete_fault *fault) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "unknown option \"%s\"; known are", name);
    for (const athlete_option *o = table; o->name; o++) {
        sqlite3_str_appendf(out, "%s %s", o == table ? "" : ",", o->name);
        if (o->alias) sqlite3_str_appendf(out, " (%s)", o->alias);
    }
    return fault_refuse_str(fault, out);
}

static athlete_status mismatch(const athlete_option *option, const cJSON *value, athlete_fault *fault) {
    char *found = cJSON_PrintUnformatted(value);
    if (!found) return ATHLETE_NOMEM;
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "option \"%s\" must be ", option->name);
    switch (option->type) {
    case OPTION_NUMBER:
        sqlite3_str_appendf(out, "a number from %!.15g to %!.15g", option->min, option->max);
        break;
    case OPTION_INTEGER:
        sqlite3_str_appendf(out, "an integer from %!.15g to %!.15g", option->min, option->max);
        break;
    case OPTION_FLAG: sqlite3_str_appendall(out, "true or false"); break;
    case OPTION_CHOICE: sqlite3_str_appendf(out, "one of %s", option->choices); break;
    case OPTION_TEXT: sqlite3_str_appendall(out, "text"); break;
    case OPTION_JSON: sqlite3_str_appendall(out, "a list or an object"); break;
    case OPTION_LIST: sqlite3_str_appendall(out, "a list"); break;
    case OPTION_OBJECT: sqlite3_str_appendall(out, "an object"); break;
    case OPTION_COLUMN: sqlite3_str_appendall(out, "a name or a position"); break;
    }
    sqlite3_str_appendall(out, ", got ");
    sqlite3_str_appendf(out, strlen(found) > 40 ? "%!.37s..." : "%s", found);
    cJSON_free(found);
    return fault_refuse_str(fault, out);
}

/* The position of `word` in "a|b|c", or -1. */
static int choice_index(const char *choices, const char *word) {
    size_t length = strlen(word);
    for (int index = 0;; index++) {
        size_t n = strcspn(choices, "|");
        if (n == length && memcmp(choices, word, n) == 0) return index;
        if (choices[n] == '\0') return -1;
        choices += n + 1;
    }
}

static bool json_fits(option_type type, const cJSON *value) {
    if (type == OPTION_COLUMN) return cJSON_IsString(value) || cJSON_IsNumber(value);
    return (type != OPTION_OBJECT && cJSON_IsArray(value)) || (type != OPTION_LIST && cJSON_IsObject(value));
}

static athlete_status store_text(char *text, char **field) {
    if (!text) return ATHLETE_NOMEM;
    sqlite3_free(*field);
    *field = sqlite3_mprintf("%s", text);
    return *field ? ATHLETE_OK : ATHLETE_NOMEM;
}

static athlete_status option_store(const athlete_option *option, const cJSON *value, void *target,
                                   athlete_fault *fault) {
    void *field = (char *)target + option->offset;
    double x = cJSON_IsBool(value) ? cJSON_IsTrue(value) : value->valuedouble;
    bool number = cJSON_IsNumber(value) && isfinite(x) && x >= option->min && x <= option->max;
    switch (option->type) {
    case OPTION_NUMBER:
        if (!number) return mismatch(option, value, fault);
        memcpy(field, &x, sizeof x);
        return ATHLETE_OK;
    case OPTION_INTEGER: {
        if (!number || x != floor(x)) return mismatch(option, value, fault);
        sqlite3_int64 integer = (sqlite3_int64)x;
        memcpy(field, &integer, sizeof integer);
        return ATHLETE_OK;
    }
    case OPTION_FLAG: {
        if (!cJSON_IsBool(value) && !(cJSON_IsNumber(value) && (x == 0 || x == 1)))
            return mismatch(option, value, fault);
        bool flag = x != 0;
        memcpy(field, &flag, sizeof flag);
        return ATHLETE_OK;
    }
    case OPTION_CHOICE: {
        int index = cJSON_IsString(value) ? choice_index(option->choices, value->valuestring) : -1;
        if (index < 0) return mismatch(option, value, fault);
        memcpy(field, &index, sizeof index);
        return ATHLETE_OK;
    }
    case OPTION_TEXT:
        if (!cJSON_IsString(value)) return mismatch(option, value, fault);
        return store_text(value->valuestring, field);
    case OPTION_JSON:
    case OPTION_LIST:
    case OPTION_OBJECT:
    case OPTION_COLUMN: {
        if (!json_fits(option->type, value)) return mismatch(option, value, fault);
        char *text = cJSON_PrintUnformatted(value);
        athlete_status status = store_text(text, field);
        cJSON_free(text);
        return status;
    }
    }
    return ATHLETE_INVALID;
}

static bool is_named(const athlete_option *option, const char *name) {
    return strcmp(option->name, name) == 0 || (option->alias && strcmp(option->alias, name) == 0);
}

static athlete_status read_members(const athlete_option *table, const cJSON *tree, void *target,
                                   athlete_fault *fault) {
    if (!cJSON_IsObject(tree)) return fault_refuse(fault, "options must be a JSON object");
    const cJSON *value;
    cJSON_ArrayForEach(value, tree) {
        const athlete_option *option = table;
        while (option->name && !is_named(option, value->string)) option++;
        if (!option->name) return unknown(table, value->string, fault);
        for (const cJSON *before = tree->child; before != value; before = before->next) {
            if (is_named(option, before->string))
                return fault_refuse(fault, "option \"%s\" is given twice", option->name);
        }
        athlete_status status = option_store(option, value, target, fault);
        if (status != ATHLETE_OK) return status;
    }
    return ATHLETE_OK;
}

static void fall_back(const athlete_option *option, void *target) {
    const char *text = option->fallback;
    void *field = (char *)target + option->offset;
    if (!text || *text == '(') return;
    if (option->type == OPTION_CHOICE) {
        int index = choice_index(option->choices, text);
        assert(index >= 0);
        memcpy(field, &index, sizeof index);
        return;
    }
    double x = 0;
    athlete_status status = decimal_read(&text, &x);
    (void)status;
    assert(status == ATHLETE_OK && !*text && x >= option->min && x <= option->max);
    assert(option->type == OPTION_NUMBER || (option->type == OPTION_INTEGER && x == floor(x)));
    sqlite3_int64 integer = (sqlite3_int64)x;
    if (option->type == OPTION_NUMBER) memcpy(field, &x, sizeof x);
    else memcpy(field, &integer, sizeof integer);
}

athlete_status options_read(const athlete_option *table, const char *json, void *target,
                            athlete_fault *fault) {
    for (const athlete_option *o = table; o->name; o++) fall_back(o, target);
    if (!json) return ATHLETE_OK;
    cJSON *tree;
    athlete_status status = json_parse(json, strlen(json), &tree, fault);
    if (status == ATHLETE_INVALID) return fault_refuse(fault, "options are not JSON: %s", fault->text);
    if (status != ATHLETE_OK) return status;
    status = read_members(table, tree, target, fault);
    cJSON_Delete(tree);
    return status;
}
