#include "base/text/json_members.h"

#include <string.h>

athlete_status json_members_open(json_members *members, const char *text, size_t length,
                                 athlete_budget *budget, athlete_poll *poll, athlete_fault *fault) {
    *members = (json_members){.budget = budget, .fault = fault};
    members->status = json_lists_parse(text, length, budget, poll, &members->parsed, fault);
    if (members->status == ATHLETE_OK && !cJSON_IsObject(members->parsed.root))
        members->status = fault_refuse(fault, "it must be a JSON object");
    return members->status;
}

void json_members_close(json_members *members) {
    json_lists_free(members->budget, &members->parsed);
}

athlete_status json_members_refuse(json_members *members, const char *sentence) {
    if (members->status == ATHLETE_OK) members->status = fault_refuse(members->fault, "%s", sentence);
    return members->status;
}

/* NULL after a failure. A name that stands there twice is refused: readers differ in which of the two they believe. */
static const cJSON *member_find(json_members *members, const char *name) {
    if (members->status != ATHLETE_OK) return NULL;
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(members->parsed.root, name);
    if (!found) members->status = fault_refuse(members->fault, "\"%s\" is missing", name);
    for (const cJSON *other = found ? found->next : NULL; other; other = other->next) {
        if (strcmp(other->string, name) == 0)
            members->status = fault_refuse(members->fault, "\"%s\" is there twice", name);
    }
    return members->status == ATHLETE_OK ? found : NULL;
}

bool json_member_is_there(const json_members *members, const char *name) {
    return members->status == ATHLETE_OK &&
           cJSON_GetObjectItemCaseSensitive(members->parsed.root, name) != NULL;
}

number_list json_member_numbers(json_members *members, const char *name, size_t least, size_t most,
                                double min, double max) {
    number_list list = {.n = 0};
    const cJSON *found = member_find(members, name);
    if (!found) return list;
    if (!cJSON_IsArray(found) || (found->child && !number_list_of(&members->parsed, found, &list)) ||
        list.has_flags)
        members->status = fault_refuse(members->fault, "\"%s\" must be a list of numbers", name);
    else if (list.n < least || list.n > most)
        members->status = fault_refuse(members->fault, "\"%s\" has %zu numbers, not %zu%s", name, list.n,
                                       list.n < least ? least : most,
                                       least == most    ? ""
                                       : list.n < least ? " or more"
                                                        : " or fewer");
    for (size_t i = 0; i < list.n && members->status == ATHLETE_OK; i++) {
        if (!(list.values[i] >= min && list.values[i] <= max))
            members->status =
                fault_refuse(members->fault, "\"%s\"[%zu] is not a number from %g to %g", name, i, min, max);
    }
    return members->status == ATHLETE_OK ? list : (number_list){.n = 0};
}

double json_member_number(json_members *members, const char *name, double min, double max) {
    const cJSON *found = member_find(members, name);
    if (!found) return 0;
    if (cJSON_IsNumber(found) && found->valuedouble >= min && found->valuedouble <= max)
        return found->valuedouble;
    members->status = fault_refuse(members->fault, "\"%s\" must be a number from %g to %g", name, min, max);
    return 0;
}

int json_member_choice(json_members *members, const char *name, const char *const *words) {
    const cJSON *found = member_find(members, name);
    if (!found) return -1;
    for (int i = 0; words[i] && cJSON_IsString(found); i++) {
        if (strcmp(found->valuestring, words[i]) == 0) return i;
    }
    members->status = fault_refuse(members->fault, "\"%s\" must be \"%s\"%s%s%s", name, words[0],
                                   words[1] ? " or \"" : "", words[1] ? words[1] : "", words[1] ? "\"" : "");
    return -1;
}

athlete_status json_member_texts(json_members *members, const char *name, size_t n, const char **texts) {
    const cJSON *found = member_find(members, name);
    if (!found) return members->status;
    size_t i = 0;
    const cJSON *item = cJSON_IsArray(found) ? found->child : NULL;
    for (; item && i < n && cJSON_IsString(item); item = item->next) texts[i++] = item->valuestring;
    if (i < n || item)
        members->status = fault_refuse(members->fault, "\"%s\" must be a list of %zu texts", name, n);
    return members->status;
}
