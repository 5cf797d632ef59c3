/* What a training set is made of, read from JSON:
**
**     {"labels": "SELECT athlete_id, start_time, seconds FROM races",
**      "as_of": "start_time",
**      "lookups": [{"group": "athlete_rolling_features", "features": ["ctl_42d", "tsb"], "prefix": "form_",
**                   "keys": {"athlete_id": "athlete_id"}, "lookback": "90 days", "defaults": {"tsb": 0}}],
**      "computed": {"speed": "21097.5 / seconds"},
**      "exclude": ["athlete_id"]}
*/
#ifndef ATHLETE_STORE_TRAINING_SPEC_SQL_H
#define ATHLETE_STORE_TRAINING_SPEC_SQL_H

#include <stdbool.h>
#include <cJSON.h>
#include "base/binding/options.h"
#include "base/sqlite.h"
#include "base/status.h"

typedef struct lookup_spec {
    char *group, *timestamp, *available, *lookback, *history;
    char *as_of;  /* column of the labels; default that of the training set */
    char *prefix; /* of its columns' names */
    char *keys_json, *features_json, *defaults_json;
    cJSON *keys;          /* {key: column of the labels}; NULL: columns of the same names */
    cJSON *features;      /* [column]; NULL: all that are neither keys nor times */
    cJSON *defaults;      /* {feature: value} where there is none */
    double lookback_days; /* -1: not given */
    bool strict, ignore_nulls, backfill;
} lookup_spec;

typedef struct training_spec {
    char *labels, *as_of;
    char *lookups_json, *computed_json, *exclude_json;
    cJSON *computed; /* {name: SQL expression} */
    cJSON *exclude;  /* [column] */
    lookup_spec *lookups;
    int n_lookups;
} training_spec;

/* The members of a specification, and those of each of its lookups. */
extern const athlete_option training_spec_table[], training_lookup_table[];

/* ATHLETE_INVALID says what is wrong, without the function's name. Whatever came, training_spec_close frees it. */
athlete_status training_spec_read(training_spec *spec, const char *json, athlete_fault *fault);
void training_spec_close(training_spec *spec);

#endif
