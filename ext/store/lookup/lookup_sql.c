#include "store/lookup/lookup_sql.h"

#include <math.h>
#include <string.h>
#include "base/binding/function.h"
#include "base/memory.h"
#include "base/numbers/instant.h"
#include "store/lookup/lookup_merge_sql.h"
#include "store/lookup/lookup_past_sql.h"
#include "store/lookup/lookup_times_sql.h"

/* A statement in its two forms. A query that asks once uses the first; from the second request on the one that runs on.
** Those that ran in this query are reset when it ends: until then they keep what they read as it is. */
typedef struct lookup_search {
    lookup_statement once, running;
    bool once_ran, running_ran;
    uint64_t bound; /* the moment that the first has, by its number; 0: none */
    kept_row found;
} lookup_search;

struct asof_lookup {
    const lookup_plan *plan;
    lookup_search rows[LOOKUP_PLACES];
    lookup_search *features[LOOKUP_PLACES]; /* ignore_nulls: per column of the group, its newest value */
    lookup_request request, since; /* the same, but `since` has the row that the history begins with */
    lookup_merge *merge;           /* NULL where the plan has none */
    kept_row *answer;
    lookup_past past;
    lookup_times times;
    lookup_moment moment;
    kept_row moment_values;
    bool is_merged; /* the current row was found by it */
    bool is_alone;  /* or by the statement that does not read its times */
    bool repeats;   /* this is not the first request of the query */
    bool has_age;
    int64_t age_us;
};

/* --- life ----------------------------------------------------------------------------------------------- */

asof_lookup *lookup_open(const lookup_plan *plan) {
    asof_lookup *lookup = memory_zeroed(NULL, 1, sizeof *lookup);
    if (!lookup) return NULL;
    lookup->plan = plan;
    bool is_possible = merge_is_possible(plan);
    if (is_possible) lookup->merge = merge_open(plan);
    bool complete = !is_possible || lookup->merge;
    lookup_times_open(&lookup->times, plan->group);
    complete &= kept_row_open(&lookup->moment_values, AS_OF_VALUES);
    complete &= lookup_past_open(&lookup->past, plan);
    lookup->moment.values = &lookup->moment_values;
    for (int place = 0; place < LOOKUP_PLACES; place++) {
        complete &= kept_row_open(&lookup->rows[place].found, plan->n_values);
        if (!plan->rules.ignore_nulls) continue;
        lookup->features[place] =
            memory_zeroed(NULL, (size_t)plan->group->n_columns, sizeof *lookup->features[place]);
        complete &= lookup->features[place] != NULL;
    }
    if (complete) return lookup;
    lookup_close(lookup);
    return NULL;
}

static void search_close(lookup_search *search) {
    lookup_statement_close(&search->once);
    lookup_statement_close(&search->running);
    kept_row_close(&search->found);
}

void lookup_close(asof_lookup *lookup) {
    for (int place = 0; place < LOOKUP_PLACES; place++) {
        search_close(&lookup->rows[place]);
        for (int i = 0; lookup->features[place] && i < lookup->plan->group->n_columns; i++)
            search_close(&lookup->features[place][i]);
        memory_free(NULL, lookup->features[place]);
    }
    merge_close(lookup->merge);
    lookup_past_close(&lookup->past);
    lookup_times_close(&lookup->times);
    kept_row_close(&lookup->moment_values);
    memory_free(NULL, lookup);
}

static void search_reset(lookup_search *search) {
    if (search->once_ran) sqlite3_reset(search->once.statement);
    if (search->running_ran) sqlite3_reset(search->running.statement);
    search->once_ran = search->running_ran = false;
}

void lookup_reset(asof_lookup *lookup) {
    lookup->answer = NULL;
    lookup->repeats = false;
    if (lookup->merge) merge_reset(lookup->merge);
    for (int place = 0; place < LOOKUP_PLACES; place++) {
        search_reset(&lookup->rows[place]);
        for (int i = 0; lookup->features[place] && i < lookup->plan->group->n_columns; i++)
            search_reset(&lookup->features[place][i]);
    }
}

/* --- times ---------------------------------------------------------------------------------------------- */

#define US_MAX 9e18

static bool find_age(asof_lookup *lookup, const kept_row *row) {
    const kept_value *time = &row->values[KEPT_TIMESTAMP];
    lookup_moment *moment = &lookup->moment;
    if (time->type == SQLITE_TEXT) {
        instant then;
        if (moment->is_number || !instant_parse(kept_text(row, time), &then)) return false;
        lookup->age_us = instant_age_us(lookup_moment_instant(moment), &then);
        return true;
    }
    double at = moment->is_number ? moment->seconds : (double)(lookup_moment_instant(moment)->us / 1000000);
    double then = time->type == SQLITE_INTEGER ? (double)time->as.integer : time->as.number;
    double us = (at - then) * 1e6;
    if (time->type == SQLITE_BLOB || !(fabs(us) < US_MAX)) return false;
    lookup->age_us = (int64_t)us;
    return true;
}

/* Rule 3: SQLITE_ROW, or SQLITE_DONE for a row that is too old. */
static int accept(asof_lookup *lookup, const kept_row *row, athlete_fault *fault) {
    const lookup_plan *plan = lookup->plan;
    if (plan->group->lookback_us < 0 && !plan->wants_age) return SQLITE_ROW;
    lookup->has_age = find_age(lookup, row);
    if (plan->group->lookback_us < 0) return SQLITE_ROW;
    if (!lookup->has_age)
        return status_code(
            fault_refuse(fault, "a lookback needs days, instants or numbers that are not too large"));
    return lookup->age_us <= plan->group->lookback_us ? SQLITE_ROW : SQLITE_DONE;
}

/* --- seeking -------------------------------------------------------------------------------------------- */

static int lookup_fail(const asof_lookup *lookup, int rc, athlete_fault *fault) {
    status_of_code(lookup->plan->group->db, rc, "", fault);
    return rc; /* as it is: the host tells a busy database from other errors */
}

static int lookup_prepare_search(const asof_lookup *lookup, lookup_place place, int feature,
                                 const lookup_request *request, lookup_search *search) {
    if (!search->found.values &&
        !kept_row_open(&search->found, KEPT_COLUMNS + 1 + lookup->plan->group->n_ties))
        return SQLITE_NOMEM;
    lookup_statement *own = lookup->repeats ? &search->running : &search->once;
    if (own->statement) return SQLITE_OK;
    if (own == &search->once) search->bound = 0;
    return lookup_prepare(lookup->plan, place, feature, lookup->repeats, request, &search->found, own);
}

/* Looks in one place; *found is the row, or NULL if there is none. */
static int look(asof_lookup *lookup, lookup_place place, int feature, kept_row **found,
                athlete_fault *fault) {
    lookup_search *search = feature < 0 ? &lookup->rows[place] : &lookup->features[place][feature];
    const lookup_request *request = place == PLACE_HISTORY_SINCE ? &lookup->since : &lookup->request;
    *found = NULL;
    int rc = lookup_prepare_search(lookup, place, feature, request, search);
    if (rc != SQLITE_OK) return lookup_fail(lookup, rc, fault);
    kept_row_forget(&search->found);
    if (lookup->repeats) {
        search->running_ran = true;
        rc = sqlite3_step(
            search->running.statement); /* at the row that says that the request has been answered */
        if (rc == SQLITE_DONE) rc = SQLITE_INTERNAL;
    } else {
        search->once_ran = true;
        rc = lookup_bind(search->once.statement, request, search->bound == lookup->moment.number);
        search->bound = rc == SQLITE_OK ? lookup->moment.number : 0;
        if (rc == SQLITE_OK) rc = sqlite3_step(search->once.statement);
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return lookup_fail(lookup, rc, fault);
    if (search->found.failed) return SQLITE_NOMEM;
    if (search->found.present) *found = &search->found;
    return SQLITE_OK;
}

static bool has_past(const lookup_plan *plan) {
    return plan->group->sources[GROUP_HISTORY].table && !plan->rules.backfill;
}

/* Whether nobody needs the times of the current row, if the history is over as it was at the request before. */
static bool may_be_alone(const asof_lookup *lookup) {
    const lookup_plan *plan = lookup->plan;
    if (lookup->repeats || plan->wants_times || plan->wants_age || plan->group->lookback_us >= 0)
        return false;
    if (plan->group->sources[GROUP_CURRENT].order == ORDER_SORTED) return false;
    return !has_past(plan) || lookup_past_was_over(&lookup->past, &lookup->request);
}

/* The newest current row: merged, or else searched for. */
static int look_at_current(asof_lookup *lookup, kept_row **found, athlete_fault *fault) {
    merge_answer answer = MERGE_CANNOT;
    lookup_merge *merge = lookup->repeats ? lookup->merge : NULL;
    *found = NULL;
    lookup->is_alone = false;
    if (merge) {
        int rc = merge_look(merge, &lookup->request, &answer, found);
        if (rc != SQLITE_OK) return lookup_fail(lookup, rc, fault);
    }
    lookup->is_merged = answer != MERGE_CANNOT;
    if (answer == MERGE_NONE) *found = NULL;
    if (lookup->is_merged) return SQLITE_OK;
    lookup->is_alone = may_be_alone(lookup);
    int rc = look(lookup, lookup->is_alone ? PLACE_ALONE : PLACE_CURRENT, -1, found, fault);
    if (rc == SQLITE_OK && merge) rc = merge_searched(merge, &lookup->request, *found);
    return rc;
}

/* `ties` of `n_ties` values: where what tells the rows apart is in both. */
static bool is_newer(const kept_row *a, const kept_row *b, int ties, int n_ties) {
    int order = kept_compare(a, KEPT_TIMESTAMP, b, KEPT_TIMESTAMP);
    if (order == 0) order = kept_compare(a, KEPT_AVAILABLE, b, KEPT_AVAILABLE);
    for (int i = 0; i < n_ties && order == 0; i++) order = kept_compare(a, ties + i, b, ties + i);
    return order > 0;
}

/* What the history has that is newer than *found, or NULL. */
static int look_at_past(asof_lookup *lookup, int feature, kept_row **found, kept_row **past,
                        athlete_fault *fault) {
    bool is_over;
    int rc = lookup_past_is_over(&lookup->past, &lookup->request, lookup->repeats, &is_over);
    if (rc != SQLITE_OK) return lookup_fail(lookup, rc, fault);
    if (is_over) return SQLITE_OK;
    if (feature < 0 && lookup->is_alone) rc = look(lookup, PLACE_CURRENT, -1, found, fault);
    if (rc != SQLITE_OK) return rc;
    lookup->since = lookup->request;
    lookup->since.since = *found;
    return look(lookup, *found ? PLACE_HISTORY_SINCE : PLACE_HISTORY, feature, past, fault);
}

/* The newest row, or with `feature` >= 0 the newest row with a value in it, of both tables. */
static int lookup_find(asof_lookup *lookup, int feature, kept_row **found, athlete_fault *fault) {
    const lookup_plan *plan = lookup->plan;
    kept_row *past = NULL;
    int rc = feature < 0 ? look_at_current(lookup, found, fault)
                         : look(lookup, PLACE_CURRENT, feature, found, fault);
    if (rc == SQLITE_OK && has_past(plan)) rc = look_at_past(lookup, feature, found, &past, fault);
    if (rc != SQLITE_OK) return rc;
    int ties = feature < 0 ? plan->ties : KEPT_COLUMNS + 1;
    if (past && (!*found || is_newer(past, *found, ties, plan->group->n_ties))) *found = past;
    return *found ? accept(lookup, *found, fault) : SQLITE_DONE;
}

/* Keys and times have one value in a row and are not features. */
static bool lookup_is_feature(const feature_group *group, int column) {
    for (int i = 0; i < group->n_keys; i++)
        if (group->keys[i] == column) return false;
    return column != group->timestamp && column != group->available;
}

/* Rule 4. */
static int fill_nulls(asof_lookup *lookup, athlete_fault *fault) {
    const lookup_plan *plan = lookup->plan;
    kept_row *answer = lookup->answer;
    int64_t age_us = lookup->age_us;
    for (int i = 0; i < plan->group->n_columns; i++) {
        int slot = plan->slots[i];
        if (slot < 0 || !lookup_is_feature(plan->group, i) || answer->values[slot].type != SQLITE_NULL)
            continue;
        kept_row *found;
        int rc = lookup_find(lookup, i, &found, fault);
        if (rc == SQLITE_ROW && !kept_row_copy(answer, slot, found, KEPT_COLUMNS)) return SQLITE_NOMEM;
        if (rc != SQLITE_ROW && rc != SQLITE_DONE) return rc;
    }
    lookup->age_us = age_us;
    return SQLITE_ROW;
}

/* Without as_of one moment, that of its first request, is now for all of a query. */
static int set_moment(asof_lookup *lookup, sqlite3_value *as_of, athlete_fault *fault) {
    if (!as_of && lookup->repeats) return SQLITE_OK;
    int rc = lookup_moment_set(&lookup->moment, &lookup->times, as_of, lookup->plan->rules.strict, fault);
    lookup->request.as_of = lookup->since.as_of = lookup->moment.values;
    return rc;
}

static int read_times(asof_lookup *lookup, athlete_fault *fault) {
    lookup->moment.is_now = false; /* it may be written in another form */
    return lookup_times_read(&lookup->times, fault);
}

/* What was found stands only if the form of the table's times is still what it was; that is looked at while the first
** statement of the query reads it. */
static int seek_row(asof_lookup *lookup, sqlite3_value *as_of, kept_row **found, athlete_fault *fault) {
    int rc = lookup->times.is_read ? SQLITE_OK : read_times(lookup, fault);
    if (rc == SQLITE_OK) rc = set_moment(lookup, as_of, fault);
    if (rc == SQLITE_OK) rc = lookup_find(lookup, -1, found, fault);
    bool is_found = rc == SQLITE_ROW || rc == SQLITE_DONE;
    if (!is_found || lookup->repeats || !lookup_times_are_old(&lookup->times)) return rc;
    rc = read_times(lookup, fault);
    lookup_reset(lookup);
    if (rc == SQLITE_OK) rc = set_moment(lookup, as_of, fault);
    return rc == SQLITE_OK ? lookup_find(lookup, -1, found, fault) : rc;
}

int lookup_seek(asof_lookup *lookup, sqlite3_value **keys, sqlite3_value *as_of, athlete_fault *fault) {
    const lookup_plan *plan = lookup->plan;
    lookup->answer = NULL;
    lookup->has_age = false;
    if (as_of && sqlite3_value_type(as_of) == SQLITE_NULL) return SQLITE_DONE;
    for (int i = 0; i < plan->group->n_keys; i++)
        if (sqlite3_value_type(keys[i]) == SQLITE_NULL) return SQLITE_DONE;
    lookup->request =
        (lookup_request){.keys = keys, .n_keys = plan->group->n_keys, .as_of = lookup->moment.values};
    kept_row *found;
    int rc = seek_row(lookup, as_of, &found, fault);
    if (rc == SQLITE_ROW) {
        lookup->answer = found;
        if (plan->rules.ignore_nulls) rc = fill_nulls(lookup, fault);
    }
    lookup->repeats = true;
    return rc;
}

const kept_row *lookup_answer_row(const asof_lookup *lookup) {
    return lookup->answer;
}

bool lookup_is_merged(const asof_lookup *lookup) {
    return lookup->is_merged;
}

bool lookup_age_us(const asof_lookup *lookup, int64_t *age_us) {
    *age_us = lookup->age_us;
    return lookup->has_age;
}
