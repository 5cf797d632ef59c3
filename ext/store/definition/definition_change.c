/* What may follow what: semantic versions (semver.org), where the interface is the meaning of every value that a reader
** of the group relies on. */
#include <stdio.h>
#include <string.h>
#include "store/definition/definition.h"

/* How much a reader notices. */
typedef enum change { CHANGE_NONE, CHANGE_PATCH, CHANGE_MINOR, CHANGE_MAJOR } change;

static const char *const change_names[] = {"no", "patch", "minor", "major"};

typedef struct changes {
    change largest;
    char what[250]; /* the first of the largest */
} changes;

static void note(changes *found, change size, const char *what, const char *name, const char *before,
                 const char *after) {
    if (size <= found->largest) return;
    found->largest = size;
    if (before && after) {
        snprintf(found->what, sizeof found->what, "%s%s%.60s was %.60s and is %.60s", what,
                 *name ? " of " : "", name, before, after);
    } else {
        snprintf(found->what, sizeof found->what, "%s%s%.60s %s", what, *name ? " " : "", name,
                 before  ? "is gone"
                 : after ? "is new"
                         : "is another");
    }
}

/* The table's own check, which is from the first version of the feature, refuses what it did not allow. */
static bool allows_more(const definition_column *old, const definition_column *new) {
    const cJSON *was = old->feature ? cJSON_GetObjectItemCaseSensitive(old->feature, "allowed") : NULL;
    const cJSON *is = new->feature ? cJSON_GetObjectItemCaseSensitive(new->feature, "allowed") : NULL;
    if (!was) return false;
    if (!is) return true;
    for (const cJSON *value = is->child; value; value = value->next) {
        const cJSON *known = was->child;
        while (known && !cJSON_Compare(known, value, true)) known = known->next;
        if (!known) return true;
    }
    return false;
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void compare_names(changes *found, const char *what, const feature_definition *before,
                          const int *old_columns, int n_old, const feature_definition *after,
                          const int *new_columns, int n_new) {
    bool same = n_old == n_new;
    for (int i = 0; same && i < n_old; i++)
        same = strcmp(before->columns[old_columns[i]].name, after->columns[new_columns[i]].name) == 0;
    if (same) return;
    char texts[2][70] = {"", ""};
    const feature_definition *const definitions[] = {before, after};
    const int *const columns[] = {old_columns, new_columns};
    const int counts[] = {n_old, n_new};
    for (int side = 0; side < 2; side++) {
        size_t length = 0;
        for (int i = 0; i < counts[side] && length < sizeof *texts - 1; i++) {
            int wrote = snprintf(texts[side] + length, sizeof *texts - length, "%s%s", i ? ", " : "",
                                 definitions[side]->columns[columns[side][i]].name);
            length += (size_t)wrote;
        }
    }
    note(found, CHANGE_MAJOR, what, "", texts[0], texts[1]);
}

static void compare_column(changes *found, const definition_column *old, const definition_column *new) {
    static const char *const meanings[] = {"unit", "transformation"};
    if (strcmp(old->type.name, new->type.name) != 0)
        note(found, CHANGE_MAJOR, "the type", old->name, old->type.name, new->type.name);
    for (int i = 0; i < 2; i++) {
        const char *was = definition_text(old, meanings[i]), *is = definition_text(new, meanings[i]);
        if (!same_text(was, is)) {
            note(found, was ? CHANGE_MAJOR : CHANGE_PATCH, i ? "the transformation" : "the unit", old->name,
                 was ? was : "not said", is ? is : "not said");
        }
    }
    if (strcmp(old->name, new->name) != 0)
        note(found, CHANGE_MAJOR, "the spelling", old->name, old->name, new->name);
    if (allows_more(old, new)) note(found, CHANGE_MAJOR, "the table's check on", old->name, NULL, NULL);
    if (old->not_null && !new->not_null) note(found, CHANGE_MAJOR, "not_null", old->name, "true", "false");
    const cJSON *was = old->feature ? cJSON_GetObjectItemCaseSensitive(old->feature, "default") : NULL;
    const cJSON *is = new->feature ? cJSON_GetObjectItemCaseSensitive(new->feature, "default") : NULL;
    if (was && !cJSON_Compare(was, is, true))
        note(found, CHANGE_MAJOR, "the default of", old->name, NULL, NULL);
}

/* Rows that are there have the default of a new column, or NULL. */
static void add_column(changes *found, const definition_column *column, const feature_definition *before) {
    if (definition_column_named(before, column->name) >= 0) return;
    note(found, CHANGE_MINOR, "feature", column->name, NULL, "there");
    if (column->not_null && !cJSON_GetObjectItemCaseSensitive(column->feature, "default"))
        note(found, CHANGE_MAJOR, "not_null without a default, for rows that are there, of the new feature",
             column->name, NULL, NULL);
}

static void compare_columns(changes *found, const feature_definition *before,
                            const feature_definition *after) {
    for (int i = 0; i < before->n_columns; i++) {
        const definition_column *old = &before->columns[i];
        int place = definition_column_named(after, old->name);
        if (place < 0) note(found, CHANGE_MAJOR, "feature", old->name, "there", NULL);
        else compare_column(found, old, &after->columns[place]);
    }
    for (int i = 0; i < after->n_columns; i++) add_column(found, &after->columns[i], before);
}

static const char *group_text(const feature_definition *definition, const char *field) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(definition->tree, field);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static void compare_groups(changes *found, const feature_definition *before,
                           const feature_definition *after) {
    static const char *const fields[] = {"entity", "source"};
    compare_names(found, "the list of keys", before, before->keys, before->n_keys, after, after->keys,
                  after->n_keys);
    compare_names(found, "the row key", before, before->row_key, before->n_row_key, after, after->row_key,
                  after->n_row_key);
    compare_names(found, "the timestamp", before, &before->timestamp, 1, after, &after->timestamp, 1);
    compare_names(found, "available", before, &before->available, 1, after, &after->available, 1);
    if (strcmp(before->table, after->table) != 0)
        note(found, CHANGE_MAJOR, "the table", "", before->table, after->table);
    for (int i = 0; i < 2; i++) {
        const char *was = group_text(before, fields[i]), *is = group_text(after, fields[i]);
        if (!same_text(was, is))
            note(found, was ? CHANGE_MAJOR : CHANGE_MINOR, i ? "the source" : "the entity", "",
                 was ? was : "not said", is ? is : "not said");
    }
    if (before->delay_s < after->delay_s || before->delay_s > after->delay_s)
        note(found, CHANGE_MAJOR, "availability_delay_hours", "", NULL, NULL);
    if (before->is_millisecond != after->is_millisecond)
        note(found, CHANGE_MAJOR, "time_precision", "", NULL, NULL);
    if (before->lookback_days < after->lookback_days || before->lookback_days > after->lookback_days)
        note(found, CHANGE_MAJOR, "lookback_days", "", NULL, NULL);
}

static int place_of(const char *status) {
    static const char *const order[] = {"draft", "active", "deprecated", "archived"};
    int place = 0;
    while (place < 3 && strcmp(order[place], status) != 0) place++;
    return place;
}

static athlete_status change_refuse(athlete_fault *fault, const feature_definition *before,
                                    const feature_definition *after, const char *why) {
    return fault_refuse(fault, "%s %d.%d.%d cannot follow %d.%d.%d: %s", after->name, after->version[0],
                        after->version[1], after->version[2], before->version[0], before->version[1],
                        before->version[2], why);
}

athlete_status definition_change_check(const feature_definition *before, const feature_definition *after,
                                       athlete_fault *fault) {
    char why[300];
    if (strcmp(before->name, after->name) != 0)
        return fault_refuse(fault, "%s is another group than %s", after->name, before->name);
    change step = CHANGE_NONE;
    for (int part = 0; part < 3 && step == CHANGE_NONE; part++) {
        if (after->version[part] < before->version[part])
            return change_refuse(fault, before, after, "versions only grow");
        if (after->version[part] > before->version[part]) step = (change)(CHANGE_MAJOR - part);
    }
    if (step == CHANGE_NONE && !cJSON_Compare(before->tree, after->tree, true))
        return change_refuse(fault, before, after, "another definition needs another version");
    if (step == CHANGE_MAJOR || step == CHANGE_NONE) return ATHLETE_OK;
    if (place_of(after->status) < place_of(before->status)) {
        snprintf(why, sizeof why, "its status was %s and cannot go back to %s", before->status,
                 after->status);
        return change_refuse(fault, before, after, why);
    }
    changes found = {CHANGE_NONE, ""};
    compare_groups(&found, before, after);
    compare_columns(&found, before, after);
    if (found.largest <= step) return ATHLETE_OK;
    snprintf(why, sizeof why, "%.200s, which needs a new %s version", found.what,
             change_names[found.largest]);
    return change_refuse(fault, before, after, why);
}
