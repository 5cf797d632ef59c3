/* leakage_report(query, options): what in a training set could not have been known when the label was still to come.
**
** One row for each feature, which is every column that has no other part: how many of its values became available after the
** label's moment, or at a time that is not known; how many describe a window that had not ended then, so that the label
** may lie in it; and how well the feature alone tells the label, by ranks. */
#include "validation/validation_callbacks_sql.h"

#include <math.h>
#include <string.h>
#include "base/binding/query.h"
#include "base/memory.h"
#include "base/numbers/instant.h"
#include "base/own_statement.h"
#include "base/poll.h"
#include "base/text/json_text.h"
#include "validation/feature_strength.h"

typedef struct leakage_settings {
    char *label, *as_of, *available, *window_end, *exclude;
    double auc, r2;
    sqlite3_int64 min_rows;
} leakage_settings;

const athlete_option leakage_options[] = {
    {"label", NULL, OPTION_TEXT, offsetof(leakage_settings, label), 0, 0, NULL, NULL, "column of the label"},
    {"as_of", NULL, OPTION_TEXT, offsetof(leakage_settings, as_of), 0, 0, NULL, NULL,
     "column of the moment before which all must be known"},
    {"available", NULL, OPTION_OBJECT, offsetof(leakage_settings, available), 0, 0, NULL, NULL,
     "for each feature the column with the time from which its value was known; \"*\" for all others"},
    {"window_end", NULL, OPTION_OBJECT, offsetof(leakage_settings, window_end), 0, 0, NULL, NULL,
     "for each feature the column with the end of what it describes; \"*\" for all others"},
    {"exclude", NULL, OPTION_LIST, offsetof(leakage_settings, exclude), 0, 0, NULL, NULL,
     "columns that are no features"},
    {"auc", NULL, OPTION_NUMBER, offsetof(leakage_settings, auc), 0.5, 1, NULL, "0.95",
     "AUC from which one feature is suspicious"},
    {"r2", NULL, OPTION_NUMBER, offsetof(leakage_settings, r2), 0, 1, NULL, "0.9",
     "squared rank correlation from which one feature is suspicious"},
    {"min_rows", NULL, OPTION_INTEGER, offsetof(leakage_settings, min_rows), 2, 1e9, NULL, "30",
     "rows below which strength is no evidence"},
    {.name = NULL},
};

typedef struct leakage_feature {
    char *name;
    int column;
    int available, window_end; /* columns; -1: not given */
    sqlite3_int64 n_values, n_unavailable, n_inside;
    bool is_text; /* some value is no number */
    feature_strength strength;
} leakage_feature;

typedef struct leakage_state {
    leakage_settings settings;
    athlete_budget budget;
    athlete_poll poll;
    sqlite3_stmt *query;
    int label, as_of;
    leakage_feature *features;
    int n_features, at;
    strength_cell *cells; /* per row the label, then the features */
    size_t n_rows, capacity;
    bool label_is_text, too_many_classes, too_few_of_a_class;
} leakage_state;

/* --- which column is what ------------------------------------------------------------------------------- */

static int column_named(sqlite3_stmt *query, const char *name) {
    for (int i = 0; i < sqlite3_column_count(query); i++)
        if (sqlite3_stricmp(sqlite3_column_name(query, i), name) == 0) return i;
    return -1;
}

static athlete_status leakage_find_column(athlete_call *call, const leakage_state *state, const char *option,
                                          const char *name, int *column) {
    *column = name ? column_named(state->query, name) : -1;
    if (*column >= 0) return ATHLETE_OK;
    return name ? fault_refuse(&call->fault, "option \"%s\": %.60s is no column of the query", option, name)
                : fault_refuse(&call->fault, "option \"%s\" is missing", option);
}

/* `text` was printed from a tree that had been read: it can only fail for lack of memory. */
static athlete_status leakage_parse(const char *text, cJSON **tree) {
    athlete_fault ignored;
    *tree = NULL;
    return !text || json_parse(text, strlen(text), tree, &ignored) == ATHLETE_OK ? ATHLETE_OK : ATHLETE_NOMEM;
}

/* {feature: column} into the features; a column that is named is no feature itself. */
static athlete_status map_times(athlete_call *call, leakage_state *state, const char *option,
                                const cJSON *map, bool is_window, bool *is_time) {
    const cJSON *member;
    cJSON_ArrayForEach(member, map) {
        int column;
        if (!member->string || !cJSON_IsString(member))
            return fault_refuse(&call->fault, "option \"%s\" must be an object of columns by feature",
                                option);
        athlete_status status = leakage_find_column(call, state, option, member->valuestring, &column);
        if (status != ATHLETE_OK) return status;
        is_time[column] = true;
        bool all = strcmp(member->string, "*") == 0, found = all;
        for (int i = 0; i < state->n_features; i++) {
            leakage_feature *feature = &state->features[i];
            int *time = is_window ? &feature->window_end : &feature->available;
            bool is_named = sqlite3_stricmp(feature->name, member->string) == 0;
            if (is_named || (all && *time < 0)) *time = column;
            found |= is_named;
        }
        if (found) continue;
        return fault_refuse(&call->fault, "option \"%s\": %.60s is no column of the query", option,
                            member->string);
    }
    return ATHLETE_OK;
}

static athlete_status leave_out(athlete_call *call, const leakage_state *state, const cJSON *list,
                                bool *is_out) {
    const cJSON *member;
    cJSON_ArrayForEach(member, list) {
        int column;
        if (!cJSON_IsString(member))
            return fault_refuse(&call->fault, "option \"exclude\" must be a list of columns");
        athlete_status status = leakage_find_column(call, state, "exclude", member->valuestring, &column);
        if (status != ATHLETE_OK) return status;
        is_out[column] = true;
    }
    return ATHLETE_OK;
}

/* First all columns are features, in their order; then those that have another part go. */
static athlete_status find_features(athlete_call *call, leakage_state *state) {
    int n = sqlite3_column_count(state->query);
    athlete_status status = leakage_find_column(call, state, "label", state->settings.label, &state->label);
    if (status == ATHLETE_OK)
        status = leakage_find_column(call, state, "as_of", state->settings.as_of, &state->as_of);
    if (status != ATHLETE_OK) return status;
    state->features = memory_zeroed(NULL, (size_t)n, sizeof *state->features);
    bool *is_out = memory_zeroed(NULL, (size_t)n, sizeof *is_out);
    cJSON *available = NULL, *window_end = NULL, *exclude = NULL;
    status = state->features && is_out ? ATHLETE_OK : ATHLETE_NOMEM;
    for (int i = 0; i < n && status == ATHLETE_OK; i++) {
        state->features[i] = (leakage_feature){.column = i, .available = -1, .window_end = -1};
        state->features[i].name = sqlite3_mprintf("%s", sqlite3_column_name(state->query, i));
        state->n_features++;
        if (!state->features[i].name) status = ATHLETE_NOMEM;
    }
    if (status == ATHLETE_OK) status = leakage_parse(state->settings.available, &available);
    if (status == ATHLETE_OK) status = leakage_parse(state->settings.window_end, &window_end);
    if (status == ATHLETE_OK) status = leakage_parse(state->settings.exclude, &exclude);
    if (status == ATHLETE_OK) status = map_times(call, state, "available", available, false, is_out);
    if (status == ATHLETE_OK) status = map_times(call, state, "window_end", window_end, true, is_out);
    if (status == ATHLETE_OK) status = leave_out(call, state, exclude, is_out);
    cJSON_Delete(available);
    cJSON_Delete(window_end);
    cJSON_Delete(exclude);
    if (status == ATHLETE_OK) {
        is_out[state->label] = is_out[state->as_of] = true;
        int kept = 0;
        for (int i = 0; i < n; i++) {
            if (is_out[i]) sqlite3_free(state->features[i].name);
            else state->features[kept++] = state->features[i];
        }
        state->n_features = kept;
    }
    memory_free(NULL, is_out);
    return status;
}

/* --- reading -------------------------------------------------------------------------------------------- */

static bool leakage_is_number(sqlite3_value *value) {
    int type = sqlite3_value_type(value);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

/* Whether the time in a column is after the row's as_of, or not known; false in *status with a sentence when the two
** have no order. */
static bool is_late(athlete_call *call, const leakage_state *state, int column, athlete_status *status) {
    sqlite3_value *as_of = sqlite3_column_value(state->query, state->as_of);
    sqlite3_value *time = sqlite3_column_value(state->query, column);
    if (sqlite3_value_type(time) == SQLITE_NULL || sqlite3_value_type(as_of) == SQLITE_NULL) return true;
    if (leakage_is_number(as_of) && leakage_is_number(time))
        return sqlite3_value_double(time) > sqlite3_value_double(as_of);
    const char *a = (const char *)sqlite3_value_text(as_of), *b = (const char *)sqlite3_value_text(time);
    if (!a || !b) {
        *status = ATHLETE_NOMEM;
        return false;
    }
    instant at, then;
    if (!leakage_is_number(as_of) && !leakage_is_number(time) && instant_parse(a, &at) &&
        instant_parse(b, &then))
        /* As in a lookup: what has a day is known at its end, and what asks for one asks at its beginning. */
        return then.us + (then.is_day ? INSTANT_US_PER_DAY : 0) > at.us;
    *status = fault_refuse(
        &call->fault,
        "row %lld: as_of '%.40s' and %.60s '%.40s' are not both numbers, or both days or instants",
        (long long)state->n_rows + 1, a, sqlite3_column_name(state->query, column), b);
    return false;
}

static strength_cell leakage_cell(const leakage_state *state, int column, bool *is_text) {
    sqlite3_value *value = sqlite3_column_value(state->query, column);
    if (sqlite3_value_type(value) == SQLITE_NULL) return (strength_cell){NAN, 0};
    if (leakage_is_number(value)) {
        double x = sqlite3_value_double(value) + 0.0; /* -0 is 0 */
        return (strength_cell){x, strength_key(&x, sizeof x)};
    }
    *is_text = true;
    const void *bytes = sqlite3_value_blob(value);
    return (strength_cell){NAN, strength_key(bytes, bytes ? (size_t)sqlite3_value_bytes(value) : 0)};
}

static athlete_status leakage_read_row(athlete_call *call, leakage_state *state) {
    size_t width = (size_t)state->n_features + 1;
    athlete_status status =
        memory_reserve(&state->budget, &state->cells, &state->capacity, (state->n_rows + 1) * width);
    if (status != ATHLETE_OK) return status;
    strength_cell *row = state->cells + state->n_rows * width;
    row[0] = leakage_cell(state, state->label, &state->label_is_text);
    for (int i = 0; i < state->n_features && status == ATHLETE_OK; i++) {
        leakage_feature *feature = &state->features[i];
        row[i + 1] = leakage_cell(state, feature->column, &feature->is_text);
        if (row[i + 1].key == 0) continue;
        feature->n_values++;
        if (feature->available >= 0)
            feature->n_unavailable += is_late(call, state, feature->available, &status);
        if (feature->window_end >= 0) feature->n_inside += is_late(call, state, feature->window_end, &status);
    }
    state->n_rows++;
    return status;
}

static athlete_status associate_features(leakage_state *state) {
    strength_table table = {state->cells, state->n_rows, (size_t)state->n_features + 1};
    strength_labels labels;
    athlete_status status =
        strength_labels_of(&table, 0, state->label_is_text, &state->budget, &state->poll, &labels);
    state->too_many_classes = labels.too_many_classes;
    state->too_few_of_a_class = labels.too_few_of_a_class;
    for (int i = 0; i < state->n_features && status == ATHLETE_OK; i++)
        status = feature_strength_of(&table, (size_t)i + 1, state->features[i].is_text, &labels,
                                     &state->budget, &state->poll, &state->features[i].strength);
    memory_free(&state->budget, labels.values);
    return status;
}

static athlete_status leakage_open(athlete_call *call, int argc, sqlite3_value **argv, void **out) {
    leakage_state *state = memory_zeroed(NULL, 1, sizeof *state);
    if (!state) return ATHLETE_NOMEM;
    *out = state;
    state->at = -1;
    state->budget.limit = ATHLETE_BUDGET_DEFAULT;
    poll_begin(&state->poll, call->db);
    const char *options = argc > 1 ? (const char *)sqlite3_value_text(argv[1]) : NULL;
    athlete_status status = options_read(leakage_options, options, &state->settings, &call->fault);
    const char *sql = (const char *)sqlite3_value_text(argv[0]);
    if (status == ATHLETE_OK)
        status = sql ? query_open(call->db, sql, 2, "label, as_of, features", &state->query, &call->fault)
                     : ATHLETE_NOMEM;
    if (status == ATHLETE_OK) status = find_features(call, state);
    if (status != ATHLETE_OK) return status;
    int rc;
    while (status == ATHLETE_OK && (rc = sqlite3_step(state->query)) != SQLITE_DONE) {
        if (rc == SQLITE_ROW) {
            status = leakage_read_row(call, state);
        } else {
            query_fail(call, rc);
            status = ATHLETE_INVALID;
        }
    }
    return status == ATHLETE_OK ? associate_features(state) : status;
}

/* --- the report ----------------------------------------------------------------------------------------- */

enum { SUSPECTS_AVAILABILITY = 1, SUSPECTS_WINDOW = 2, SUSPECTS_STRENGTH = 4, SUSPECTS_MISSING = 8 };

static bool is_too_strong(const leakage_state *state, const association *a) {
    return a->n >= (size_t)state->settings.min_rows &&
           a->strength >= (a->is_binary ? state->settings.auc : state->settings.r2);
}

static int suspicion_of(const leakage_state *state, const leakage_feature *feature) {
    return (feature->n_unavailable ? SUSPECTS_AVAILABILITY : 0) | (feature->n_inside ? SUSPECTS_WINDOW : 0) |
           (is_too_strong(state, &feature->strength.value) ? SUSPECTS_STRENGTH : 0) |
           (is_too_strong(state, &feature->strength.missing) ? SUSPECTS_MISSING : 0);
}

static int leakage_next(athlete_call *call, void *opaque) {
    (void)call;
    leakage_state *state = opaque;
    return ++state->at < state->n_features ? SQLITE_ROW : SQLITE_DONE;
}

/* Why a feature has no strength, or one that is no evidence; NULL if it was judged. */
static const char *not_judged(const leakage_state *state, const leakage_feature *feature) {
    const association *value = &feature->strength.value;
    if (!feature->n_values) return "not judged: it has no values";
    if (state->too_many_classes) return "not judged: the label has more than 50 texts";
    if (state->too_few_of_a_class) return "not judged: no text of the label has 5 rows";
    if (isnan(value->strength))
        return "not judged: it or the label is always the same, or each of its texts stands once";
    return value->n < (size_t)state->settings.min_rows
               ? "not judged: too few rows have it and the label, see min_rows"
               : NULL;
}

static void result_reason(const leakage_state *state, const leakage_feature *feature,
                          sqlite3_context *context) {
    static const char *const reasons[] = {
        "not available at the label's time", "the label lies in the feature's own window",
        "tells the label too well to be true", "where it is missing tells the label too well to be true"};
    int suspicion = suspicion_of(state, feature);
    if (!suspicion) {
        sqlite3_result_text(context, not_judged(state, feature), -1, SQLITE_STATIC);
        return;
    }
    sqlite3_str *text = sqlite3_str_new(state->poll.db);
    for (int i = 0; i < 4; i++) {
        if (!(suspicion & 1 << i)) continue;
        sqlite3_str_appendf(text, "%s%s", sqlite3_str_length(text) ? "; " : "", reasons[i]);
    }
    char *whole = sqlite3_str_finish(text);
    if (whole) sqlite3_result_text(context, whole, -1, sqlite3_free);
    else sqlite3_result_error_nomem(context);
}

static void leakage_column(void *opaque, sqlite3_context *context, int column) {
    const leakage_state *state = opaque;
    const leakage_feature *feature = &state->features[state->at];
    switch (column) {
    case 0: sqlite3_result_text(context, feature->name, -1, SQLITE_TRANSIENT); break;
    case 1: sqlite3_result_int64(context, feature->n_values); break;
    case 2:
        if (feature->available >= 0) sqlite3_result_int64(context, feature->n_unavailable);
        break;
    case 3:
        if (feature->window_end >= 0) sqlite3_result_int64(context, feature->n_inside);
        break;
    case 4:
        if (!isnan(feature->strength.value.strength))
            sqlite3_result_text(context, feature->strength.value.is_binary ? "auc" : "r2", -1, SQLITE_STATIC);
        break;
    case 5: sqlite3_result_double(context, feature->strength.value.strength); break; /* NAN becomes NULL */
    case 6: sqlite3_result_int(context, suspicion_of(state, feature) != 0); break;
    case 7: result_reason(state, feature, context); break;
    case 8: sqlite3_result_double(context, feature->strength.missing.strength); break;
    }
}

static void leakage_close(void *opaque) {
    leakage_state *state = opaque;
    own_finalize(state->poll.db, &state->query);
    for (int i = 0; i < state->n_features; i++) sqlite3_free(state->features[i].name);
    memory_free(NULL, state->features);
    memory_free(&state->budget, state->cells);
    leakage_settings *s = &state->settings;
    char *texts[] = {s->label, s->as_of, s->available, s->window_end, s->exclude};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) sqlite3_free(texts[i]);
    poll_end(&state->poll);
    memory_free(NULL, state);
}

const athlete_table leakage_report_table = {
    .columns = "feature TEXT, n_values INTEGER, n_unavailable INTEGER, n_inside_window INTEGER, "
               "measure TEXT, strength REAL, is_suspicious INTEGER, reason TEXT, missing_strength REAL",
    .expected_rows = 50,
    .open = leakage_open,
    .next = leakage_next,
    .column = leakage_column,
    .close = leakage_close,
};
