#include "base/functions/base_callbacks_sql.h"

#include <math.h>
#include <string.h>
#include <cJSON.h>
#include "base/binding/function.h"
#include "base/memory.h"
#include "base/text/json_fields.h"
#include "base/text/json_text.h"
#include "base/utf8.h"

#define MOST_FIELDS   64
#define LONGEST_SHOWN 60 /* bytes of a value in a fault: the object has all of it */

typedef struct declarations {
    char *text; /* that they were read from */
    size_t length;
    cJSON *tree;
    json_field fields[MOST_FIELDS];
    const char *units[MOST_FIELDS];
    size_t n;
} declarations;

static void forget(declarations *d) {
    memory_free(NULL, d->text);
    cJSON_Delete(d->tree);
    memset(d, 0, sizeof *d);
}

/* The lists read last: a statement asks with one, two of them or so, row after row. */
#define REMEMBERED 4

typedef struct remembered {
    declarations lists[REMEMBERED];
    int next; /* to be replaced */
} remembered;

void *json_fields_state_open(void) {
    return memory_zeroed(NULL, 1, sizeof(remembered));
}

void json_fields_state_close(void *state) {
    remembered *r = state;
    for (int i = 0; i < REMEMBERED; i++) forget(&r->lists[i]);
    memory_free(NULL, r);
}

static declarations *recall(remembered *r, const char *text, size_t length) {
    for (int i = 0; i < REMEMBERED; i++) {
        declarations *d = &r->lists[i];
        if (d->text && d->length == length && memcmp(d->text, text, length) == 0) return d;
    }
    return NULL;
}

static bool read_type(const char *name, json_field_type *type) {
    for (int i = 0; i < N_JSON_FIELD_TYPES; i++) {
        if (strcmp(name, json_field_type_name((json_field_type)i)) != 0) continue;
        *type = (json_field_type)i;
        return true;
    }
    return false;
}

/* A limit that is missing or null is none. */
static bool read_limit(const cJSON *item, const char *name, double none, double *limit) {
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(item, name);
    *limit = cJSON_IsNumber(found) ? found->valuedouble : none;
    return !found || cJSON_IsNull(found) || cJSON_IsNumber(found);
}

static bool read_declaration(const cJSON *item, json_field *field, const char **unit) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "field");
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(item, "type");
    const cJSON *blank = cJSON_GetObjectItemCaseSensitive(item, "blank_is_null");
    *unit = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "unit"));
    *field = (json_field){.name = cJSON_GetStringValue(name)};
    field->name_length = field->name ? strlen(field->name) : 0;
    field->blank_is_absent = cJSON_IsTrue(blank) || (cJSON_IsNumber(blank) && blank->valuedouble == 1);
    return field->name && cJSON_IsString(type) && read_type(type->valuestring, &field->type) &&
           read_limit(item, "min", -HUGE_VAL, &field->min) && read_limit(item, "max", HUGE_VAL, &field->max);
}

/* Fills `d` from its text; a static phrase if it cannot. */
static athlete_status read_declarations(declarations *d, const char **fault) {
    athlete_fault ignored;
    athlete_status status = json_parse(d->text, d->length, &d->tree, &ignored);
    if (status == ATHLETE_NOMEM) return status;
    *fault = "a JSON list of objects with 'field' and 'type'";
    if (status != ATHLETE_OK || !cJSON_IsArray(d->tree)) return ATHLETE_INVALID;
    const cJSON *item;
    cJSON_ArrayForEach(item, d->tree) {
        *fault = "a list of at most 64 fields";
        if (d->n == MOST_FIELDS) return ATHLETE_INVALID;
        *fault = "a list whose objects have a text 'field', a known 'type' and numbers for 'min' and 'max'";
        if (!read_declaration(item, &d->fields[d->n], &d->units[d->n])) return ATHLETE_INVALID;
        d->n++;
    }
    return ATHLETE_OK;
}

/* The declarations of the call; NULL: the call has failed. */
static const declarations *declared(sqlite3_context *context, sqlite3_value *argument) {
    remembered *r = domain_state_of(context);
    const char *text = (const char *)sqlite3_value_text(argument), *fault = NULL;
    size_t length = (size_t)sqlite3_value_bytes(argument);
    declarations *d = recall(r, text, length);
    if (d) return d;
    d = &r->lists[r->next];
    r->next = (r->next + 1) % REMEMBERED;
    forget(d);
    athlete_status status = ATHLETE_NOMEM;
    if ((d->text = memory_alloc(NULL, length + 1, 1))) {
        memcpy(d->text, text, length);
        d->text[length] = '\0';
        d->length = length;
        status = read_declarations(d, &fault);
    }
    if (status == ATHLETE_OK) return d;
    forget(d);
    if (status == ATHLETE_INVALID) function_fail_argument(context, 1, fault, argument);
    else function_fail_status(context, status, NULL);
    return NULL;
}

/* --- the answer ----------------------------------------------------------------------------------------- */

static void append_string(sqlite3_str *out, const char *text, size_t length) {
    size_t done = 0;
    sqlite3_str_appendchar(out, 1, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        sqlite3_str_append(out, text + done, (int)(i - done));
        sqlite3_str_appendf(out, "\\u%04x", c);
        done = i + 1;
    }
    sqlite3_str_append(out, text + done, (int)(length - done));
    sqlite3_str_appendchar(out, 1, '"');
}

/* The beginning of a value that is too long to be shown, cut between two characters. */
static void append_shown(sqlite3_str *out, const char *text, size_t length) {
    size_t end = 0;
    while (end < length && end < LONGEST_SHOWN) {
        size_t n = utf8_length(text + end, length - end);
        end += n > 0 ? n : 1;
    }
    sqlite3_str_append(out, text, (int)end);
    if (end < length) sqlite3_str_appendf(out, "... (%d bytes)", (int)length);
}

static void append_expected(sqlite3_str *out, const json_field *field, const char *unit) {
    sqlite3_str_appendall(out, json_field_type_phrase(field->type));
    bool low = field->min > -HUGE_VAL, high = field->max < HUGE_VAL;
    if (low) sqlite3_str_appendf(out, "%s %.15g", high ? " from" : " of at least", field->min);
    if (high) sqlite3_str_appendf(out, "%s %.15g", low ? " to" : " of at most", field->max);
    bool is_text = field->type == JSON_FIELD_TEXT || field->type == JSON_FIELD_LABEL;
    if (is_text && (low || high)) sqlite3_str_appendall(out, " characters");
    if (unit && *unit) sqlite3_str_appendf(out, " %s", unit);
}

static const char *rule_of(json_fault_kind fault, const json_field *field) {
    static const char *const of_type[N_JSON_FIELD_TYPES] = {
        [JSON_FIELD_NUMBER] = "is_a_number",       [JSON_FIELD_WHOLE] = "is_a_whole_number",
        [JSON_FIELD_BOOLEAN] = "is_true_or_false", [JSON_FIELD_ID] = "is_an_id",
        [JSON_FIELD_TEXT] = "is_a_text",           [JSON_FIELD_LABEL] = "is_a_word",
        [JSON_FIELD_INSTANT] = "is_an_instant",    [JSON_FIELD_DATE] = "is_a_date",
        [JSON_FIELD_LIST] = "is_a_list",           [JSON_FIELD_OBJECT] = "is_an_object",
    };
    switch (fault) {
    case JSON_FIELD_OUT_OF_RANGE: return "is_in_range";
    case JSON_FIELD_TOO_LARGE: return "is_finite";
    case JSON_FIELD_TOO_SMALL: return "is_measurable";
    case JSON_FIELD_REPEATED: return "is_given_once";
    default: return of_type[field->type];
    }
}

static const char *remark(json_fault_kind fault) {
    switch (fault) {
    case JSON_FIELD_TOO_LARGE: return ", which is beyond every number";
    case JSON_FIELD_TOO_SMALL: return ", which is less than a billionth";
    case JSON_FIELD_REPEATED: return " and another one before";
    default: return "";
    }
}

/* {"field": name, "rule": name_is_a_number, "reason": a sentence, "value": the value's JSON}. */
static void append_fault(sqlite3_str *out, sqlite3_str *scratch, const json_field *field, const char *unit,
                         const json_found *found) {
    sqlite3_str_appendall(out, "{\"field\":");
    append_string(out, field->name, field->name_length);
    sqlite3_str_appendall(out, ",\"rule\":");
    sqlite3_str_reset(scratch);
    sqlite3_str_appendf(scratch, "%s_%s", field->name, rule_of(found->fault, field));
    append_string(out, sqlite3_str_value(scratch), (size_t)sqlite3_str_length(scratch));
    sqlite3_str_appendall(out, ",\"reason\":");
    sqlite3_str_reset(scratch);
    sqlite3_str_appendf(scratch, "%s: expected ", field->name);
    append_expected(scratch, field, unit);
    sqlite3_str_appendall(scratch, ", found ");
    append_shown(scratch, found->text, found->length);
    sqlite3_str_appendall(scratch, remark(found->fault));
    append_string(out, sqlite3_str_value(scratch), (size_t)sqlite3_str_length(scratch));
    sqlite3_str_appendall(out, ",\"value\":");
    sqlite3_str_reset(scratch);
    append_shown(scratch, found->text, found->length);
    append_string(out, sqlite3_str_value(scratch), (size_t)sqlite3_str_length(scratch));
    sqlite3_str_appendchar(out, 1, '}');
}

static void fields_append_value(sqlite3_str *out, const json_field *field, const json_found *found) {
    append_string(out, field->name, field->name_length);
    sqlite3_str_appendchar(out, 1, ':');
    bool is_quoted = field->type == JSON_FIELD_ID || found->time[0];
    if (found->time[0]) append_string(out, found->time, strlen(found->time));
    else if (is_quoted) append_string(out, found->value, found->value_length);
    else sqlite3_str_append(out, found->value, (int)found->value_length);
}

static void fields_append_answer(sqlite3_str *out, sqlite3_str *scratch, const declarations *d,
                                 const json_found *found) {
    int n_values = 0, n_faults = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (found[i].fault != JSON_FIELD_OK || (!found[i].value && !found[i].time[0])) continue;
        sqlite3_str_appendall(out, n_values++ ? "," : "{\"values\":{");
        fields_append_value(out, &d->fields[i], &found[i]);
    }
    sqlite3_str_appendall(out, n_values ? "}" : "{\"values\":{}");
    for (size_t i = 0; i < d->n; i++) {
        if (found[i].fault == JSON_FIELD_OK) continue;
        sqlite3_str_appendall(out, n_faults++ ? "," : ",\"faults\":[");
        append_fault(out, scratch, &d->fields[i], d->units[i], &found[i]);
    }
    sqlite3_str_appendall(out, n_faults ? "]}" : "}");
}

static void append_no_object(sqlite3_str *out, sqlite3_str *scratch, const char *text, size_t length) {
    sqlite3_str_appendall(out,
                          "{\"values\":{},\"faults\":[{\"field\":\"\",\"rule\":\"is_an_object\",\"reason\":");
    sqlite3_str_appendall(scratch, "expected an object, found ");
    append_shown(scratch, text, length);
    append_string(out, sqlite3_str_value(scratch), (size_t)sqlite3_str_length(scratch));
    sqlite3_str_appendall(out, ",\"value\":");
    sqlite3_str_reset(scratch);
    append_shown(scratch, text, length);
    append_string(out, sqlite3_str_value(scratch), (size_t)sqlite3_str_length(scratch));
    sqlite3_str_appendall(out, "}]}");
}

void json_fields_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    (void)argc;
    json_found found[MOST_FIELDS];
    const char *text = (const char *)sqlite3_value_text(argv[0]);
    size_t length = (size_t)sqlite3_value_bytes(argv[0]);
    const declarations *d = declared(context, argv[1]);
    if (!d) return;
    athlete_status status = json_fields_read(text, length, d->fields, d->n, found);
    if (status == ATHLETE_NOMEM) {
        function_fail_status(context, status, NULL);
        return;
    }
    sqlite3_str *out = sqlite3_str_new(NULL), *scratch = sqlite3_str_new(NULL);
    if (status == ATHLETE_OK) fields_append_answer(out, scratch, d, found);
    else append_no_object(out, scratch, text, length);
    bool is_short = sqlite3_str_errcode(out) != SQLITE_OK || sqlite3_str_errcode(scratch) != SQLITE_OK;
    sqlite3_free(sqlite3_str_finish(scratch));
    char *answer = sqlite3_str_finish(out);
    if (is_short || !answer) {
        sqlite3_free(answer);
        sqlite3_result_error_nomem(context);
        return;
    }
    sqlite3_result_text(context, answer, -1, sqlite3_free);
}
