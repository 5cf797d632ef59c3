#include "store/training_spec_sql.h"

#include <math.h>
#include <stddef.h>
#include <string.h>
#include "base/binding/function.h"
#include "base/binding/options.h"
#include "base/memory.h"
#include "base/text/json_text.h"

#define LOOKBACK_DAYS_MAX 3650000

const athlete_option training_spec_table[] = {
    {"labels", NULL, OPTION_TEXT, offsetof(training_spec, labels), 0, 0, NULL, NULL,
     "a SELECT of keys, times and labels"},
    {"as_of", NULL, OPTION_TEXT, offsetof(training_spec, as_of), 0, 0, NULL, NULL,
     "column of the labels with the moment to look up at"},
    {"lookups", NULL, OPTION_LIST, offsetof(training_spec, lookups_json), 0, 0, NULL, NULL,
     "a list of objects, one for each group"},
    {"computed", NULL, OPTION_OBJECT, offsetof(training_spec, computed_json), 0, 0, NULL, NULL,
     "SQL expressions over the columns, by name"},
    {"exclude", NULL, OPTION_LIST, offsetof(training_spec, exclude_json), 0, 0, NULL, NULL,
     "columns to leave out"},
    {.name = NULL},
};

const athlete_option training_lookup_table[] = {
    {"group", "table", OPTION_TEXT, offsetof(lookup_spec, group), 0, 0, NULL, NULL,
     "a feature group or a table"},
    {"keys", NULL, OPTION_OBJECT, offsetof(lookup_spec, keys_json), 0, 0, NULL, "(those of the same names)",
     "column of the labels for each key"},
    {"as_of", NULL, OPTION_TEXT, offsetof(lookup_spec, as_of), 0, 0, NULL, "(that of the training set)",
     "column of the labels"},
    {"features", NULL, OPTION_LIST, offsetof(lookup_spec, features_json), 0, 0, NULL, "(all)", "a list"},
    {"prefix", NULL, OPTION_TEXT, offsetof(lookup_spec, prefix), 0, 0, NULL, NULL, "of the columns' names"},
    {"lookback", NULL, OPTION_TEXT, offsetof(lookup_spec, lookback), 0, 0, NULL, NULL,
     "a duration such as 90 days"},
    {"lookback_days", NULL, OPTION_NUMBER, offsetof(lookup_spec, lookback_days), 0, LOOKBACK_DAYS_MAX, NULL,
     NULL, "days"},
    {"defaults", NULL, OPTION_OBJECT, offsetof(lookup_spec, defaults_json), 0, 0, NULL, NULL,
     "value for each feature"},
    {"timestamp", NULL, OPTION_TEXT, offsetof(lookup_spec, timestamp), 0, 0, NULL, NULL,
     "column, as in asof"},
    {"available", NULL, OPTION_TEXT, offsetof(lookup_spec, available), 0, 0, NULL, NULL,
     "column, as in asof"},
    {"history", NULL, OPTION_TEXT, offsetof(lookup_spec, history), 0, 0, NULL, NULL, "table, as in asof"},
    {"strict", NULL, OPTION_FLAG, offsetof(lookup_spec, strict), 0, 0, NULL, NULL, "as in asof"},
    {"ignore_nulls", NULL, OPTION_FLAG, offsetof(lookup_spec, ignore_nulls), 0, 0, NULL, NULL, "as in asof"},
    {"backfill", NULL, OPTION_FLAG, offsetof(lookup_spec, backfill), 0, 0, NULL, NULL, "as in asof"},
    {.name = NULL},
};

/* The JSON of an option, an object or else a list whose members are texts; NULL stays NULL. With `any` an object's may be
** anything. */
static athlete_status read_member(const char *name, const char *json, bool object, bool any, cJSON **tree,
                                  athlete_fault *fault) {
    if (!json) return ATHLETE_OK;
    athlete_status status = json_parse(json, strlen(json), tree, fault);
    if (status != ATHLETE_OK)
        return status == ATHLETE_INVALID ? ATHLETE_NOMEM : status; /* it was printed here */
    bool fits = true;
    const cJSON *member;
    cJSON_ArrayForEach(member, *tree) fits = fits && (any || cJSON_IsString(member));
    if (fits) return ATHLETE_OK;
    return fault_refuse(fault, "option \"%s\" must be %s of texts", name, object ? "an object" : "a list");
}

static athlete_status read_lookup(lookup_spec *lookup, const cJSON *json, athlete_fault *fault) {
    *lookup = (lookup_spec){.lookback_days = -1};
    char *text = cJSON_PrintUnformatted(json);
    if (!text) return ATHLETE_NOMEM;
    athlete_status status = options_read(training_lookup_table, text, lookup, fault);
    cJSON_free(text);
    if (status == ATHLETE_OK && !lookup->group) status = fault_refuse(fault, "a lookup has no \"group\"");
    if (status == ATHLETE_OK)
        status = read_member("keys", lookup->keys_json, true, false, &lookup->keys, fault);
    if (status == ATHLETE_OK)
        status = read_member("features", lookup->features_json, false, false, &lookup->features, fault);
    if (status == ATHLETE_OK)
        status = read_member("defaults", lookup->defaults_json, true, true, &lookup->defaults, fault);
    if (status == ATHLETE_OK && lookup->lookback_days >= 0 && !lookup->lookback) {
        lookup->lookback = sqlite3_mprintf("%.6f days", lookup->lookback_days);
        if (!lookup->lookback) status = ATHLETE_NOMEM;
    }
    return status;
}

static athlete_status read_lookups(training_spec *spec, athlete_fault *fault) {
    if (!spec->lookups_json) return ATHLETE_OK;
    cJSON *list;
    athlete_status status = json_parse(spec->lookups_json, strlen(spec->lookups_json), &list, fault);
    if (status != ATHLETE_OK) return ATHLETE_NOMEM;
    spec->lookups = memory_zeroed(NULL, (size_t)cJSON_GetArraySize(list), sizeof *spec->lookups);
    if (!spec->lookups) status = ATHLETE_NOMEM;
    const cJSON *member;
    cJSON_ArrayForEach(member, list) {
        if (status == ATHLETE_OK) status = read_lookup(&spec->lookups[spec->n_lookups++], member, fault);
    }
    cJSON_Delete(list);
    return status;
}

athlete_status training_spec_read(training_spec *spec, const char *json, athlete_fault *fault) {
    *spec = (training_spec){.labels = NULL};
    athlete_status status = options_read(training_spec_table, json, spec, fault);
    if (status == ATHLETE_OK && !spec->labels) status = fault_refuse(fault, "the spec has no \"labels\"");
    if (status == ATHLETE_OK) status = read_lookups(spec, fault);
    if (status == ATHLETE_OK)
        status = read_member("computed", spec->computed_json, true, false, &spec->computed, fault);
    if (status == ATHLETE_OK)
        status = read_member("exclude", spec->exclude_json, false, false, &spec->exclude, fault);
    return status;
}

void training_spec_close(training_spec *spec) {
    for (int i = 0; i < spec->n_lookups; i++) {
        lookup_spec *lookup = &spec->lookups[i];
        char *texts[] = {lookup->group,         lookup->timestamp,    lookup->available, lookup->lookback,
                         lookup->history,       lookup->as_of,        lookup->prefix,    lookup->keys_json,
                         lookup->features_json, lookup->defaults_json};
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) sqlite3_free(texts[t]);
        cJSON_Delete(lookup->keys);
        cJSON_Delete(lookup->features);
        cJSON_Delete(lookup->defaults);
    }
    memory_free(NULL, spec->lookups);
    char *texts[] = {spec->labels, spec->as_of, spec->lookups_json, spec->computed_json, spec->exclude_json};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) sqlite3_free(texts[t]);
    cJSON_Delete(spec->computed);
    cJSON_Delete(spec->exclude);
    *spec = (training_spec){.labels = NULL};
}
