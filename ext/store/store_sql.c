/* The table of the feature store's functions. */
#include "store/store_sql.h"

#include "base/functions/instants_sql.h"
#include "store/definition_sql.h"
#include "store/field_list_sql.h"
#include "store/lookup/asof_sql.h"
#include "store/lookup/lookup_merge_sql.h"
#include "store/lookup/lookup_statement_sql.h"
#include "store/lookup/lookup_times_sql.h"
#include "store/statement/statement_sql.h"
#include "store/training_rows_sql.h"
#include "store/training_set_sql.h"
#include "store/training_spec_sql.h"

#define DEFINITION_ARGUMENT                                                                                  \
    { "definition", ATHLETE_TEXT, 0, 0, 0, "JSON, as in schemas/features" }
#define TYPES_ARGUMENT                                                                                       \
    {                                                                                                        \
        "types", ATHLETE_OPTIONS, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0,                                 \
            "types beyond the seven, by default those of the table feature_types: {\"grade\": "              \
            "{\"storage\": \"REAL\", \"check\": \"$ BETWEEN -1 AND 1\"}}"                                    \
    }
#define BEFORE_ARGUMENT(meaning)                                                                             \
    { "before", ATHLETE_TEXT, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0, meaning }
#define SOURCE_ARGUMENT(flags)                                                                               \
    { "source", ATHLETE_TEXT, flags, 0, 0, "a table or a SELECT with the group's columns" }

static const athlete_function store_functions[] = {
    {
        .name = "feature_group_fault",
        .example = "SELECT feature_group_fault('{\"feature_group\": \"sleep\"}')",
        .kind = ATHLETE_SCALAR,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            DEFINITION_ARGUMENT,
            BEFORE_ARGUMENT("the definition that it would follow; NULL for the first of its name"),
            TYPES_ARGUMENT),
        .summary = "Why a definition of a feature group cannot be registered: what is wrong with it and "
                   "where, or what has changed and which new version that needs.",
        .returns = "a sentence; NULL when nothing speaks against it",
        .source = "semver.org 2.0.0, for versions",
        .scalar = feature_group_fault_scalar,
    },
    {
        .name = "feature_group_trial",
        .example = "SELECT feature_group_trial('{\"feature_group\": \"sleep\", \"version\": \"1.0.0\", "
                   "\"description\": \"Nights\", \"entity\": \"athlete\", \"keys\": [\"athlete_id\"], "
                   "\"timestamp\": \"event_timestamp\", \"features\": [{\"name\": \"sleep_h\", \"type\": "
                   "\"numerical\", \"min\": 0, \"max\": 24}]}')",
        .kind = ATHLETE_SCALAR,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            DEFINITION_ARGUMENT,
            BEFORE_ARGUMENT("the definition that it would follow; NULL for the first of its name"),
            TYPES_ARGUMENT),
        .summary =
            "Why a definition of a feature group without a fault would not work here: its tables are made "
            "in a database of its own, from those of the version before, and a row is brought in, corrected "
            "and looked up; its names must be free in this database.",
        .returns = "a sentence; NULL when nothing speaks against it",
        .scalar = feature_group_trial_scalar,
    },
    {
        .name = "feature_group_ddl",
        .example = "SELECT substr(feature_group_ddl('{\"feature_group\": \"sleep\", \"version\": \"1.0.0\", "
                   "\"description\": \"Nights\", \"entity\": \"athlete\", \"keys\": [\"athlete_id\"], "
                   "\"timestamp\": \"event_timestamp\", \"features\": [{\"name\": \"sleep_h\", \"type\": "
                   "\"numerical\", \"min\": 0, \"max\": 24}]}'), 1, 24)",
        .kind = ATHLETE_SCALAR,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            DEFINITION_ARGUMENT, TYPES_ARGUMENT,
            BEFORE_ARGUMENT("the definition whose tables are there and get the new columns")),
        .summary = "The statements that make a feature group: table, index, history, the triggers that keep "
                   "it, and the views <group>_versions and <group>_ingest.",
        .returns = "SQL text for the caller to run",
        .errors = "a definition that is not right, with the place",
        .scalar = feature_group_ddl_scalar,
    },
    {
        .name = "feature_group_times",
        .example = "SELECT length(feature_group_times('{\"feature_group\": \"sleep\", \"version\": "
                   "\"1.0.0\", \"description\": \"Nights\", \"entity\": \"athlete\", \"keys\": "
                   "[\"athlete_id\"], \"timestamp\": \"event_timestamp\", \"features\": [{\"name\": "
                   "\"sleep_h\", \"type\": \"numerical\"}]}')) > 0",
        .kind = ATHLETE_SCALAR,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(DEFINITION_ARGUMENT),
        .summary = "The statements that write the times of a group's rows in its one form, as a file of an "
                   "earlier version may not have them; what is no time goes to feature_rejects. "
                   "feature_group_ddl makes the triggers anew afterwards.",
        .returns = "SQL text for the caller to run; empty for a group whose times are numbers",
        .errors = "a definition that is not right, with the place",
        .scalar = feature_group_times_scalar,
    },
    {
        .name = "row_instant",
        .example =
            "SELECT row_instant('2025-10-20 08:00:00.5+02:00'), row_instant('2025-10-20', 'second', 7200)",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            {"value", ATHLETE_ANY, 0, 0, 0, "a day or an instant, in any of the usual forms"},
            {"precision", ATHLETE_TEXT, ATHLETE_OPTIONAL, 0, 0, "'second' or 'millisecond'"},
            {"utc_offset_s", ATHLETE_INTEGER, ATHLETE_OPTIONAL, -86400, 86400,
             "of the place where a day was"}),
        .defaults = ATHLETE_DEFAULTS({"precision", "second"}, {"utc_offset_s", "0"}),
        .summary = "A row's time in the form that feature groups keep, rounded up: a day is its end.",
        .returns = "text in UTC, '2025-10-20T06:00:01Z'",
        .errors = "a value that is no time, such as 2026-02-30 or 24:00",
        .scalar = row_instant_scalar,
    },
    {
        .name = "as_of_instant",
        .example = "SELECT as_of_instant('2025-10-20 08:00:00.5+02:00'), as_of_instant('2025-10-20')",
        .kind = ATHLETE_SCALAR,
        .arguments = ATHLETE_ARGUMENTS(
            {"value", ATHLETE_ANY, 0, 0, 0, "a day or an instant, in any of the usual forms"},
            {"precision", ATHLETE_TEXT, ATHLETE_OPTIONAL, 0, 0, "'second' or 'millisecond'"}),
        .defaults = ATHLETE_DEFAULTS({"precision", "second"}),
        .summary = "The moment of a lookup in the form that feature groups keep, rounded down: a day is its "
                   "beginning.",
        .returns = "text in UTC, '2025-10-20T06:00:00Z'",
        .errors = "a value that is no time, such as 2026-02-30 or 24:00",
        .scalar = as_of_instant_scalar,
    },
    {
        .name = "feature_group_ingest",
        .example = "SELECT length(feature_group_ingest('{\"feature_group\": \"sleep\", \"version\": "
                   "\"1.0.0\", \"description\": \"Nights\", \"entity\": \"athlete\", \"keys\": "
                   "[\"athlete_id\"], \"timestamp\": \"event_timestamp\", \"features\": [{\"name\": "
                   "\"sleep_h\", \"type\": \"numerical\", \"min\": 0, \"max\": 24}]}', 'SELECT 1 AS "
                   "athlete_id, ''2024-05-01'' AS event_timestamp, 7.5 AS sleep_h')) > 0",
        .kind = ATHLETE_SCALAR,
        .trust = ATHLETE_DIRECT,
        .arguments =
            ATHLETE_ARGUMENTS(DEFINITION_ARGUMENT, SOURCE_ARGUMENT(ATHLETE_OPTIONAL | ATHLETE_NULLABLE),
                              {"options", ATHLETE_OPTIONS, ATHLETE_OPTIONAL | ATHLETE_NULLABLE, 0, 0,
                               "JSON: reject_limit, known_at, arrivals, types"}),
        .defaults = ATHLETE_DEFAULTS({"source", "(the definition's own source)"}),
        .summary = "The statements that bring a batch of rows into a feature group in one transaction: valid "
                   "rows in, what they replace to the history, the others to feature_rejects with rule and "
                   "reason.",
        .returns = "SQL text for the caller to run",
        .errors = "a definition that is not right; a source that is no table and no read-only SELECT, or "
                  "lacks a required column",
        .scalar = feature_group_ingest_scalar,
        .options = ingest_options_table,
    },
    {
        .name = "feature_validate",
        .example = "SELECT seq, verdict, rule, reason FROM feature_validate('{\"feature_group\": \"sleep\", "
                   "\"version\": \"1.0.0\", \"description\": \"Nights\", \"entity\": \"athlete\", \"keys\": "
                   "[\"athlete_id\"], \"timestamp\": \"event_timestamp\", \"features\": [{\"name\": "
                   "\"sleep_h\", \"type\": \"numerical\", \"min\": 0, \"max\": 24}]}', 'SELECT 1 AS "
                   "athlete_id, ''2024-05-01'' AS event_timestamp, 25 AS sleep_h')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments =
            ATHLETE_ARGUMENTS({"group", ATHLETE_TEXT, 0, 0, 0, "a registered feature group, or a definition"},
                              SOURCE_ARGUMENT(ATHLETE_OPTIONAL)),
        .defaults = ATHLETE_DEFAULTS({"source", "(the definition's own source)"}),
        .summary = "What an ingest would do with each row, without doing it: new, change, same, or reject "
                   "with the first rule that it breaks.",
        .errors = "a group that is not registered; those of feature_group_ingest",
        .table = &feature_validate_table,
    },
    {
        .name = "feature_definition_fields",
        .example =
            "SELECT value, required, min, max, \"default\" FROM feature_definition_fields WHERE object = "
            "'' AND name = 'reject_limit'",
        .kind = ATHLETE_TABLE,
        .arguments = ATHLETE_NO_ARGUMENTS,
        .summary =
            "Every field that a definition of a feature group may have: what its value must be, its range, "
            "its default and its meaning; object is the place of those inside, such as features[].",
        .table = &feature_definition_fields_table,
    },
    {
        .name = "asof",
        .example = "CREATE TABLE sleep (athlete_id, event_timestamp TEXT, available_at TEXT, hours REAL, "
                   "PRIMARY KEY (athlete_id, event_timestamp, available_at)) WITHOUT ROWID; INSERT INTO "
                   "sleep VALUES (1, '2024-05-01', '2024-05-02', 7.5), (1, '2024-05-03', '2024-05-04', 6.0); "
                   "CREATE VIRTUAL TABLE temp.slept USING asof(sleep, entity=athlete_id); SELECT hours, "
                   "row_timestamp FROM slept WHERE athlete_id = 1 AND as_of = '2024-05-03'",
        .kind = ATHLETE_VIRTUAL,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"group", ATHLETE_TEXT, 0, 0, 0, "a registered feature group, or a table"},
            {"entity", ATHLETE_TEXT, ATHLETE_OPTIONAL, 0, 0, "key columns, separated by commas"},
            {"timestamp", ATHLETE_TEXT, ATHLETE_OPTIONAL, 0, 0, "column of the time that a row describes"},
            {"available", ATHLETE_TEXT, ATHLETE_OPTIONAL, 0, 0,
             "column of the time from which a row could be known"},
            {"lookback", ATHLETE_TEXT, ATHLETE_OPTIONAL, 0, 0,
             "'90 days', '36 hours': the oldest row that is still an answer"},
            {"strict", ATHLETE_INTEGER, ATHLETE_OPTIONAL, 0, 1, "1: timestamp < as_of instead of <="},
            {"ignore_nulls", ATHLETE_INTEGER, ATHLETE_OPTIONAL, 0, 1,
             "1: of each feature the newest value that is not NULL"},
            {"backfill", ATHLETE_INTEGER, ATHLETE_OPTIONAL, 0, 1,
             "1: also what became known after as_of, which leaks the future into training data"},
            {"history", ATHLETE_TEXT, ATHLETE_OPTIONAL, 0, 0,
             "table of replaced rows with superseded_at; 0 for none"}),
        .defaults = ATHLETE_DEFAULTS({"entity", "(keys of the registration)"},
                                     {"timestamp", "(that of the registration, or event_timestamp)"},
                                     {"available", "(that of the registration, or available_at)"},
                                     {"lookback", "(that of the registration, or no limit)"}, {"strict", "0"},
                                     {"ignore_nulls", "0"}, {"backfill", "0"},
                                     {"history", "(<table>_history if there is one)"}),
        .summary =
            "A feature group as it was known at a moment: of each entity the newest row with timestamp "
            "and available_at at or before as_of.",
        .returns = "the group's columns, and hidden as_of, row_timestamp, row_available, row_superseded, "
                   "row_age_days, row_id, row_found_by ('seek' or 'merge'); at most one row per request, "
                   "which costs one search and a step past each newer row that was not available yet",
        .errors = "a request without = for each key; a table without an index on keys and timestamp (the "
                  "sentence has the statement that makes it); an as_of that is no time; "
                  "a table whose times are written in several forms",
        .module = &asof_module,
    },
    {
        .name = "training_set",
        .example = "CREATE TABLE sleep (athlete_id, event_timestamp TEXT, available_at TEXT, hours REAL, "
                   "PRIMARY KEY (athlete_id, event_timestamp, available_at)) WITHOUT ROWID; INSERT INTO "
                   "sleep VALUES (1, '2024-05-01', '2024-05-02', 7.5), (1, '2024-05-03', '2024-05-04', 6.0); "
                   "CREATE VIRTUAL TABLE temp.t USING training_set('{\"labels\": \"SELECT 1 AS athlete_id, "
                   "''2024-05-03'' AS start, 52.5 AS minutes\", \"as_of\": \"start\", \"lookups\": "
                   "[{\"group\": \"sleep\", \"keys\": {\"athlete_id\": \"athlete_id\"}}]}'); SELECT * FROM t",
        .kind = ATHLETE_VIRTUAL,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS(
            {"spec", ATHLETE_OPTIONS, 0, 0, 0,
             "JSON: labels, as_of, lookups, computed, exclude; SELECT * FROM athlete_options lists what each "
             "holds"}),
        .summary = "Labels, and to each what was known at its time from any number of feature groups.",
        .returns = "the labels' columns, the features, the computed columns, and hidden row_sources (JSON: "
                   "the row that each lookup used); one row per label",
        .errors = "what SQLite says of the labels' query or of an expression; what asof says of a group; two "
                  "columns of one name",
        .module = &training_set_module,
        .options = training_spec_table,
        .inner_name = "lookups",
        .inner_options = training_lookup_table,
    },
    {
        .name = "training_rows",
        .example = "CREATE TABLE sleep (athlete_id, event_timestamp TEXT, available_at TEXT, hours REAL, "
                   "PRIMARY KEY (athlete_id, event_timestamp, available_at)) WITHOUT ROWID; INSERT INTO "
                   "sleep VALUES (1, '2024-05-01', '2024-05-02', 7.5), (1, '2024-05-03', '2024-05-04', 6.0); "
                   "SELECT row FROM training_rows('{\"labels\": \"SELECT 1 AS athlete_id, "
                   "''2024-05-03'' AS start, 52.5 AS minutes\", \"as_of\": \"start\", \"lookups\": "
                   "[{\"group\": \"sleep\", \"keys\": {\"athlete_id\": \"athlete_id\"}}]}')",
        .kind = ATHLETE_TABLE,
        .trust = ATHLETE_DIRECT,
        .arguments = ATHLETE_ARGUMENTS({"spec", ATHLETE_OPTIONS, 0, 0, 0, "JSON, as training_set takes it"}),
        .summary = "The rows of a training set whose columns nobody knows beforehand, each as a JSON object, "
                   "exact to the bit.",
        .errors = "as of training_set",
        .table = &training_rows_table,
        .options = training_spec_table,
    },
    {.name = "feature time",
     .kind = ATHLETE_SCALAR,
     .trust = ATHLETE_DIRECT,
     .is_internal = true,
     .arguments = ATHLETE_NO_ARGUMENTS,
     .scalar = feature_time_scalar},
    {.name = "feature form",
     .kind = ATHLETE_SCALAR,
     .trust = ATHLETE_DIRECT,
     .is_internal = true,
     .arguments = ATHLETE_NO_ARGUMENTS,
     .scalar = feature_form_scalar},
    {.name = "feature odd",
     .kind = ATHLETE_SCALAR,
     .trust = ATHLETE_DIRECT,
     .is_internal = true,
     .arguments = ATHLETE_NO_ARGUMENTS,
     .scalar = feature_odd_scalar},
    {.name = "feature instant",
     .kind = ATHLETE_SCALAR,
     .trust = ATHLETE_DIRECT,
     .is_internal = true,
     .arguments = ATHLETE_NO_ARGUMENTS,
     .scalar = feature_instant_scalar},
    {.name = "asof form",
     .kind = ATHLETE_SCALAR,
     .trust = ATHLETE_DIRECT,
     .is_internal = true,
     .arguments = ATHLETE_NO_ARGUMENTS,
     .scalar = lookup_form_scalar},
    {.name = "asof answer",
     .kind = ATHLETE_SCALAR,
     .trust = ATHLETE_DIRECT,
     .is_internal = true,
     .arguments = ATHLETE_NO_ARGUMENTS,
     .scalar = lookup_answer_scalar},
    {.name = "asof tie",
     .kind = ATHLETE_SCALAR,
     .trust = ATHLETE_DIRECT,
     .is_internal = true,
     .arguments = ATHLETE_NO_ARGUMENTS,
     .scalar = lookup_tie_scalar},
    {.name = "asof request",
     .kind = ATHLETE_VIRTUAL,
     .trust = ATHLETE_DIRECT,
     .is_internal = true,
     .arguments = ATHLETE_NO_ARGUMENTS,
     .module = &lookup_request_module},
    {.name = "asof walk",
     .kind = ATHLETE_SCALAR,
     .trust = ATHLETE_DIRECT,
     .is_internal = true,
     .arguments = ATHLETE_NO_ARGUMENTS,
     .scalar = merge_walk_scalar},
    {.name = "asof skip",
     .kind = ATHLETE_SCALAR,
     .trust = ATHLETE_DIRECT,
     .is_internal = true,
     .arguments = ATHLETE_NO_ARGUMENTS,
     .scalar = merge_skip_scalar},
    {.name = NULL},
};

const athlete_domain athlete_store = {.name = "store", .functions = store_functions};
