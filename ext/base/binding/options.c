#include "base/binding/options.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "base/binding/function.h"
#include "base/numbers/decimal.h"
#include "base/precondition.h"
#include "base/text/json_text.h"

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

/* Which of an option's names this is: 1 for the first, 2 and more for the aliases, 0 for none. */
static int name_number(const athlete_option *option, const char *name) {
    if (strcmp(option->name, name) == 0) return 1;
    int index = option->alias ? choice_index(option->alias, name) : -1;
    return index < 0 ? 0 : index + 2;
}

#define LONGEST_NAME 40

/* Levenshtein, Soviet Physics Doklady 1966: letters to add, leave out or change; of the first LONGEST_NAME of each. */
static int edit_distance(const char *a, size_t n_a, const char *b, size_t n_b) {
    int row[LONGEST_NAME + 1];
    if (n_a > LONGEST_NAME) n_a = LONGEST_NAME;
    if (n_b > LONGEST_NAME) n_b = LONGEST_NAME;
    for (size_t j = 0; j <= n_b; j++) row[j] = (int)j;
    for (size_t i = 1; i <= n_a; i++) {
        int before = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= n_b; j++) {
            int changed = before + (a[i - 1] != b[j - 1]),
                shorter = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            before = row[j];
            row[j] = changed < shorter ? changed : shorter;
        }
    }
    return row[n_b];
}

/* The known name that is most like this one, one letter in three being wrong at most, or that has it in it; NULL if none. */
static const char *most_similar(const athlete_option *table, const char *name, size_t *length) {
    size_t n = strlen(name);
    int least = (int)n / 3 + 1;
    const char *best = NULL;
    for (const athlete_option *o = table; o->name; o++) {
        const char *at = o->name, *aliases = o->alias;
        while (at) {
            size_t here = strcspn(at, "|");
            int distance = edit_distance(name, n, at, here);
            if (n >= 4 && here > n && memcmp(at + here - n, name, n) == 0) distance = 1;
            if (distance < least) {
                least = distance;
                best = at;
                *length = here;
            }
            at = at == o->name ? aliases : at[here] == '|' ? at + here + 1 : NULL;
        }
    }
    return best;
}

static athlete_status unknown(const athlete_option *table, const char *name, athlete_fault *fault) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "unknown option \"%s\"; known are", name);
    for (const athlete_option *o = table; o->name; o++) {
        sqlite3_str_appendf(out, "%s %s", o == table ? "" : ",", o->name);
        if (o->alias) sqlite3_str_appendf(out, " (%s)", o->alias);
    }
    size_t length = 0;
    const char *meant = most_similar(table, name, &length);
    if (meant) sqlite3_str_appendf(out, "; did you mean \"%.*s\"?", (int)length, meant);
    return fault_refuse_str(fault, out);
}

static athlete_status mismatch(const athlete_option *option, const cJSON *value, athlete_fault *fault) {
    char *found = cJSON_PrintUnformatted(value);
    if (!found) return ATHLETE_NOMEM;
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "option \"%s\" must be ", option->name);
    switch (option->type) {
    case OPTION_NUMBER:
        sqlite3_str_appendf(out, "a number from %.15g to %.15g", option->min, option->max);
        break;
    case OPTION_NUMBERS:
        sqlite3_str_appendf(out, "a number from %.15g to %.15g, or a list of at most %d of them, ascending",
                            option->min, option->max, OPTION_MOST_NUMBERS);
        break;
    case OPTION_INTEGER:
        sqlite3_str_appendf(out, "an integer from %.15g to %.15g", option->min, option->max);
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

/* False if they are not as they must be. */
static bool store_numbers(const athlete_option *option, const cJSON *value, option_numbers *field) {
    const cJSON *item = cJSON_IsArray(value) ? value->child : value;
    option_numbers found = {.n = 0};
    for (; item; item = cJSON_IsArray(value) ? item->next : NULL) {
        double x = item->valuedouble;
        if (!cJSON_IsNumber(item) || !(x >= option->min && x <= option->max)) return false;
        if (found.n == OPTION_MOST_NUMBERS || (found.n > 0 && x <= found.x[found.n - 1])) return false;
        found.x[found.n++] = x;
    }
    *field = found;
    return found.n > 0;
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
    case OPTION_NUMBERS:
        return store_numbers(option, value, field) ? ATHLETE_OK : mismatch(option, value, fault);
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

static athlete_status read_members(const athlete_option *table, const cJSON *tree, void *target, int *given,
                                   athlete_fault *fault) {
    if (!cJSON_IsObject(tree)) return fault_refuse(fault, "options must be a JSON object");
    const cJSON *value;
    cJSON_ArrayForEach(value, tree) {
        const athlete_option *option = table;
        while (option->name && !name_number(option, value->string)) option++;
        if (!option->name) return unknown(table, value->string, fault);
        for (const cJSON *before = tree->child; before != value; before = before->next) {
            if (name_number(option, before->string))
                return fault_refuse(fault, "option \"%s\" is given twice", option->name);
        }
        athlete_status status = option_store(option, value, target, fault);
        if (status != ATHLETE_OK) return status;
        if (given) given[option - table] = name_number(option, value->string);
    }
    return ATHLETE_OK;
}

bool option_is_default(const athlete_option *option, const void *target) {
    const char *text = option->fallback, *field = (const char *)target + option->offset;
    double x;
    sqlite3_int64 integer;
    if (!text || decimal_read(&text, &x) != ATHLETE_OK) return false;
    const option_numbers *numbers = (const void *)field;
    if (option->type == OPTION_NUMBERS) return numbers->n == 1 && memcmp(numbers->x, &x, sizeof x) == 0;
    if (option->type == OPTION_NUMBER) return memcmp(field, &x, sizeof x) == 0;
    integer = (sqlite3_int64)x;
    return option->type == OPTION_INTEGER && memcmp(field, &integer, sizeof integer) == 0;
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
    assert(option->type == OPTION_NUMBER || option->type == OPTION_NUMBERS ||
           (option->type == OPTION_INTEGER && x == floor(x)));
    sqlite3_int64 integer = (sqlite3_int64)x;
    if (option->type == OPTION_NUMBERS) *(option_numbers *)field = (option_numbers){{x}, 1};
    else if (option->type == OPTION_NUMBER) memcpy(field, &x, sizeof x);
    else memcpy(field, &integer, sizeof integer);
}

athlete_status options_read(const athlete_option *table, const char *json, void *target,
                            athlete_fault *fault) {
    return options_read_given(table, json, target, NULL, fault);
}

athlete_status options_read_given(const athlete_option *table, const char *json, void *target, int *given,
                                  athlete_fault *fault) {
    for (const athlete_option *o = table; o->name; o++) {
        fall_back(o, target);
        if (given) given[o - table] = 0;
    }
    if (!json) return ATHLETE_OK;
    cJSON *tree;
    athlete_status status = json_parse(json, strlen(json), &tree, fault);
    if (status == ATHLETE_INVALID) return fault_refuse(fault, "options are not JSON: %s", fault->text);
    if (status != ATHLETE_OK) return status;
    status = read_members(table, tree, target, given, fault);
    cJSON_Delete(tree);
    return status;
}
