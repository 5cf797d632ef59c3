#include "store/definition/definition.h"

#include <stdio.h>
#include <string.h>
#include "base/memory.h"
#include "base/precondition.h"
#include "base/text/json_text.h"
#include "store/definition/definition_fields.h"

const char *definition_text(const definition_column *column, const char *field_name) {
    return column->feature ? field_text(OBJECT_FEATURE, column->feature, field_name) : NULL;
}

/* --- types ---------------------------------------------------------------------------------------------- */

/* The rows of feature_types that every database starts with. Numbers come before texts, and texts before blobs. */
static const feature_type known_types[] = {
    {"numerical", "REAL", "typeof($) IN ('real', 'integer')", "+$ < ''"},
    {"integer", "INTEGER", "typeof($) = 'integer' OR typeof($) = 'real' AND $ = CAST($ AS INTEGER)",
     "+$ < '' AND +$ = CAST($ AS INTEGER)"},
    {"categorical", "TEXT", "typeof($) = 'text'", "typeof($) = 'text'"},
    {"boolean", "INTEGER", "typeof($) IN ('integer', 'real') AND $ IN (0, 1)", "+$ IN (0, 1)"},
    {"timestamp", "TEXT", "substr($, 5, 1) = '-' AND julianday($) IS NOT NULL",
     "+$ < x'' AND $ LIKE '____-%' AND julianday($) IS NOT NULL"},
    {"text", "TEXT", "typeof($) = 'text'", "typeof($) = 'text'"},
    {"embedding", "BLOB", "typeof($) = 'blob' AND length($) % 4 = 0", "+$ >= x'' AND length($) % 4 = 0"},
};

static athlete_status check_type(const cJSON *type, athlete_fault *fault) {
    char place[180];
    snprintf(place, sizeof place, "types: %.60s.", type->string);
    if (!field_is_name(type->string)) return fault_refuse(fault, "types: %.60s is no name", type->string);
    if (!cJSON_IsObject(type)) return fault_refuse(fault, "types: %.60s must be an object", type->string);
    athlete_status status = fields_check(OBJECT_TYPE, type, place, fault);
    if (status != ATHLETE_OK) return status;
    const char *storage = field_text(OBJECT_TYPE, type, "storage");
    if (strcmp(storage, "TEXT") != 0 && strcmp(storage, "INTEGER") != 0 && strcmp(storage, "REAL") != 0 &&
        strcmp(storage, "BLOB") != 0)
        return fault_refuse(fault, "%sstorage must be TEXT, INTEGER, REAL or BLOB", place);
    return ATHLETE_OK;
}

static athlete_status read_types(feature_definition *definition, const char *json, size_t length,
                                 athlete_fault *fault) {
    athlete_status status = json_parse(json, length, &definition->types, fault);
    if (status == ATHLETE_INVALID) return fault_refuse(fault, "types are no JSON: %s", fault->text);
    if (status != ATHLETE_OK) return status;
    if (!cJSON_IsObject(definition->types)) return fault_refuse(fault, "types must be a JSON object");
    for (const cJSON *type = definition->types->child; type && status == ATHLETE_OK; type = type->next)
        status = check_type(type, fault);
    return status;
}

static const feature_type *known_type(const char *name) {
    for (size_t i = 0; i < sizeof known_types / sizeof *known_types; i++)
        if (strcmp(known_types[i].name, name) == 0) return &known_types[i];
    return NULL;
}

static bool find_type(const feature_definition *definition, const char *name, feature_type *type) {
    const cJSON *told = definition->types ? cJSON_GetObjectItemCaseSensitive(definition->types, name) : NULL;
    const feature_type *known = known_type(name);
    if (told) {
        *type = (feature_type){told->string, field_text(OBJECT_TYPE, told, "storage"),
                               field_text(OBJECT_TYPE, told, "check"), NULL};
        bool is_known =
            known && strcmp(known->storage, type->storage) == 0 && strcmp(known->check, type->check) == 0;
        if (!is_known) return true;
    }
    if (known) *type = *known;
    return known != NULL;
}

/* --- columns -------------------------------------------------------------------------------------------- */

int definition_column_named(const feature_definition *definition, const char *name) {
    for (int i = 0; i < definition->n_columns; i++)
        if (name_is_same(definition->columns[i].name, name)) return i;
    return -1;
}

bool definition_is_in_row_key(const feature_definition *definition, int column) {
    for (int i = 0; i < definition->n_row_key; i++)
        if (definition->row_key[i] == column) return true;
    return false;
}

/* Whether `features` lists the column, so that its place is there. */
static bool is_listed(const cJSON *features, const char *name) {
    for (const cJSON *feature = features->child; feature; feature = feature->next) {
        const char *listed = field_text(OBJECT_FEATURE, feature, "name");
        if (listed && name_is_same(listed, name)) return true;
    }
    return false;
}

static void add_named(feature_definition *definition, const cJSON *features, const char *name,
                      const char *type) {
    if (is_listed(features, name) || definition_column_named(definition, name) >= 0) return;
    definition_column *column = &definition->columns[definition->n_columns++];
    *column = (definition_column){.name = name};
    find_type(definition, type, &column->type);
}

static athlete_status check_values(const definition_column *column, const char *place, athlete_fault *fault) {
    const cJSON *f = column->feature;
    bool is_number =
        strcmp(column->type.storage, "REAL") == 0 || strcmp(column->type.storage, "INTEGER") == 0;
    const cJSON *min = cJSON_GetObjectItemCaseSensitive(f, "min"),
                *max = cJSON_GetObjectItemCaseSensitive(f, "max");
    if (!is_number && (min || max))
        return fault_refuse(fault, "%s%s is for numbers, and %s is stored as %s", place, min ? "min" : "max",
                            column->name, column->type.storage);
    if (min && max && min->valuedouble > max->valuedouble)
        return fault_refuse(fault, "%smin is above max", place);
    if (is_number && cJSON_GetObjectItemCaseSensitive(f, "pattern"))
        return fault_refuse(fault, "%spattern is for texts, and %s is stored as %s", place, column->name,
                            column->type.storage);
    const cJSON *allowed = cJSON_GetObjectItemCaseSensitive(f, "allowed");
    for (const cJSON *each = allowed ? allowed->child : NULL; each; each = each->next)
        if (is_number == cJSON_IsString(each))
            return fault_refuse(fault, "%sallowed has a %s, and %s is stored as %s", place,
                                is_number ? "text" : "number", column->name, column->type.storage);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(f, "default");
    if (value && is_number == cJSON_IsString(value))
        return fault_refuse(fault, "%sdefault is a %s, and %s is stored as %s", place,
                            is_number ? "text" : "number", column->name, column->type.storage);
    if (value && min && value->valuedouble < min->valuedouble)
        return fault_refuse(fault, "%sdefault is below min", place);
    if (value && max && value->valuedouble > max->valuedouble)
        return fault_refuse(fault, "%sdefault is above max", place);
    return ATHLETE_OK;
}

static athlete_status definition_add_feature(feature_definition *definition, const cJSON *feature,
                                             int position, athlete_fault *fault) {
    char place[40];
    snprintf(place, sizeof place, "features[%d].", position);
    athlete_status status = fields_check(OBJECT_FEATURE, feature, place, fault);
    if (status != ATHLETE_OK) return status;
    const char *name = field_text(OBJECT_FEATURE, feature, "name"),
               *type = field_text(OBJECT_FEATURE, feature, "type");
    if (definition_column_named(definition, name) >= 0)
        return fault_refuse(fault, "%sname: there are two columns %s", place, name);
    definition_column *column = &definition->columns[definition->n_columns];
    *column = (definition_column){.name = name,
                                  .feature = feature,
                                  .not_null = field_flag(OBJECT_FEATURE, feature, "not_null"),
                                  .is_unique = field_flag(OBJECT_FEATURE, feature, "unique")};
    if (!find_type(definition, type, &column->type))
        return fault_refuse(fault, "%stype: there is no type %.60s", place, type);
    definition->n_columns++;
    return check_values(column, place, fault);
}

static athlete_status name_columns(const feature_definition *definition, const cJSON *names, int *columns,
                                   int *n_columns, athlete_fault *fault) {
    for (const cJSON *name = names->child; name; name = name->next) {
        if (*n_columns == DEFINITION_KEYS_MAX)
            return fault_refuse(fault, "%s are more than %d", names->string, DEFINITION_KEYS_MAX);
        int column = definition_column_named(definition, name->valuestring);
        for (int i = 0; i < *n_columns; i++)
            if (columns[i] == column)
                return fault_refuse(fault, "%s: %s is there twice", names->string, name->valuestring);
        columns[(*n_columns)++] = column;
    }
    return ATHLETE_OK;
}

/* Keys, row key, timestamp and available_at: the columns that the group itself names. */
static athlete_status place_columns(feature_definition *definition, const cJSON *features,
                                    athlete_fault *fault) {
    const cJSON *tree = definition->tree, *keys = cJSON_GetObjectItemCaseSensitive(tree, "keys"),
                *row_key = cJSON_GetObjectItemCaseSensitive(tree, "row_key");
    const char *timestamp = field_text(OBJECT_GROUP, tree, "timestamp");
    const char *available = field_text(OBJECT_GROUP, tree, "available");
    if (name_is_same(timestamp, available))
        return fault_refuse(fault, "timestamp and available are one column");
    athlete_status status = ATHLETE_OK;
    for (const cJSON *key = keys->child; key; key = key->next)
        add_named(definition, features, key->valuestring, "text");
    for (const cJSON *key = row_key ? row_key->child : NULL; key; key = key->next)
        if (!name_is_same(key->valuestring, timestamp))
            add_named(definition, features, key->valuestring, "text");
    add_named(definition, features, timestamp, "timestamp");
    int position = 0;
    for (const cJSON *f = features->child; f && status == ATHLETE_OK; f = f->next)
        status = definition_add_feature(definition, f, position++, fault);
    if (status != ATHLETE_OK) return status;
    add_named(definition, features, available, "timestamp");

    definition->timestamp = definition_column_named(definition, timestamp);
    definition->available = definition_column_named(definition, available);
    status = name_columns(definition, keys, definition->keys, &definition->n_keys, fault);
    if (status != ATHLETE_OK) return status;
    if (row_key) {
        status = name_columns(definition, row_key, definition->row_key, &definition->n_row_key, fault);
    } else if (definition->n_keys == DEFINITION_KEYS_MAX) {
        status = fault_refuse(fault, "keys are more than %d", DEFINITION_KEYS_MAX - 1);
    } else {
        memcpy(definition->row_key, definition->keys, sizeof definition->keys);
        definition->n_row_key = definition->n_keys;
        definition->row_key[definition->n_row_key++] = definition->timestamp;
    }
    return status;
}

static athlete_status check_keys(feature_definition *definition, athlete_fault *fault) {
    const char *const texts[] = {"TEXT", "INTEGER"};
    int times[] = {definition->timestamp, definition->available};
    for (int i = 0; i < 2; i++) {
        const definition_column *column = &definition->columns[times[i]];
        if (strcmp(column->type.storage, texts[0]) != 0 && strcmp(column->type.storage, texts[1]) != 0)
            return fault_refuse(fault, "%s: a time is text or an integer, and %s is stored as %s",
                                i ? "available" : "timestamp", column->name, column->type.storage);
        definition->columns[times[i]].not_null = true;
    }
    if (definition->columns[times[0]].type.storage[0] != definition->columns[times[1]].type.storage[0])
        return fault_refuse(
            fault, "timestamp is stored as %s and available as %s, so that they cannot be compared",
            definition->columns[times[0]].type.storage, definition->columns[times[1]].type.storage);
    for (int i = 0; i < definition->n_keys; i++) {
        definition->columns[definition->keys[i]].not_null = true;
        if (definition->keys[i] == definition->timestamp)
            return fault_refuse(fault, "keys: the timestamp is no entity");
    }
    for (int i = 0; i < definition->n_row_key; i++) {
        definition->columns[definition->row_key[i]].not_null = true;
        if (definition->row_key[i] == definition->available)
            return fault_refuse(fault, "row_key: when a row became known does not tell one row from another");
    }
    definition->row_key_is_lookup_key = definition->n_row_key == definition->n_keys + 1 &&
                                        definition->row_key[definition->n_keys] == definition->timestamp &&
                                        memcmp(definition->row_key, definition->keys,
                                               (size_t)definition->n_keys * sizeof *definition->keys) == 0;
    return ATHLETE_OK;
}

static athlete_status check_rules(const feature_definition *definition, athlete_fault *fault) {
    int position = 0;
    const cJSON *first = definition->rules ? definition->rules->child : NULL;
    for (const cJSON *rule = first; rule; rule = rule->next, position++) {
        char place[40];
        snprintf(place, sizeof place, "rules[%d].", position);
        if (position == DEFINITION_RULES_MAX)
            return fault_refuse(fault, "there are more than %d rules", DEFINITION_RULES_MAX);
        athlete_status status = fields_check(OBJECT_RULE, rule, place, fault);
        if (status != ATHLETE_OK) return status;
        for (const cJSON *before = first; before != rule; before = before->next)
            if (strcmp(field_text(OBJECT_RULE, before, "name"), field_text(OBJECT_RULE, rule, "name")) == 0)
                return fault_refuse(fault, "%sname: there are two rules %s", place,
                                    field_text(OBJECT_RULE, rule, "name"));
    }
    return ATHLETE_OK;
}

/* --- the definition ------------------------------------------------------------------------------------- */

static athlete_status read_group(feature_definition *definition, athlete_fault *fault) {
    const cJSON *tree = definition->tree, *features = cJSON_GetObjectItemCaseSensitive(tree, "features");
    int n_features = cJSON_GetArraySize(features);
    if (n_features > DEFINITION_COLUMNS_MAX - 2 * DEFINITION_KEYS_MAX - 2)
        return fault_refuse(fault, "features are %d, more than %d", n_features,
                            DEFINITION_COLUMNS_MAX - 2 * DEFINITION_KEYS_MAX - 2);
    definition->name = field_text(OBJECT_GROUP, tree, "feature_group");
    version_read(field_text(OBJECT_GROUP, tree, "version"), definition->version);
    definition->status = field_text(OBJECT_GROUP, tree, "status");
    definition->delay_s = field_number(OBJECT_GROUP, tree, "availability_delay_hours") * 3600;
    definition->is_millisecond = strcmp(field_text(OBJECT_GROUP, tree, "time_precision"), "millisecond") == 0;
    definition->lookback_days = field_number(OBJECT_GROUP, tree, "lookback_days");
    definition->reject_limit = field_number(OBJECT_GROUP, tree, "reject_limit");
    definition->is_computed =
        field_flag(OBJECT_GROUP, tree, "computed") || cJSON_GetObjectItemCaseSensitive(tree, "stage");
    definition->rules = cJSON_GetObjectItemCaseSensitive(tree, "rules");
    definition->source = field_text(OBJECT_GROUP, tree, "source");
    const char *table = field_text(OBJECT_GROUP, tree, "table");
    if (table) snprintf(definition->table, sizeof definition->table, "%s", table);
    else if (definition->version[0] < 2)
        snprintf(definition->table, sizeof definition->table, "%s", definition->name);
    else
        snprintf(definition->table, sizeof definition->table, "%s_v%d", definition->name,
                 definition->version[0]);
    definition->columns =
        memory_zeroed(NULL, (size_t)n_features + 2 * DEFINITION_KEYS_MAX + 2, sizeof *definition->columns);
    if (!definition->columns) return ATHLETE_NOMEM;
    athlete_status status = place_columns(definition, features, fault);
    if (status == ATHLETE_OK) status = check_keys(definition, fault);
    if (status == ATHLETE_OK) status = check_rules(definition, fault);
    return status;
}

athlete_status definition_open(feature_definition *definition, const char *json, size_t length,
                               const char *types, size_t types_length, athlete_fault *fault) {
    assert(json[length] == '\0' && (!types || types[types_length] == '\0'));
    *definition = (feature_definition){.tree = NULL};
    athlete_status status = types ? read_types(definition, types, types_length, fault) : ATHLETE_OK;
    if (status != ATHLETE_OK) return status;
    status = json_parse(json, length, &definition->tree, fault);
    if (status == ATHLETE_INVALID) return fault_refuse(fault, "the definition is no JSON: %s", fault->text);
    if (status != ATHLETE_OK) return status;
    if (!cJSON_IsObject(definition->tree)) return fault_refuse(fault, "the definition must be a JSON object");
    status = fields_check(OBJECT_GROUP, definition->tree, "", fault);
    return status == ATHLETE_OK ? read_group(definition, fault) : status;
}

void definition_close(feature_definition *definition) {
    memory_free(NULL, definition->columns);
    cJSON_Delete(definition->tree);
    cJSON_Delete(definition->types);
    *definition = (feature_definition){.tree = NULL};
}
