#include "store/lookup/lookup_merge_sql.h"

#include "base/binding/function.h"
#include "base/memory.h"
#include "store/lookup/lookup_times_sql.h"
#include "store/lookup/lookup_value_sql.h"

/* Rows to walk for each request, on average and with a reserve to begin with, before a search is cheaper. */
#define ROWS_PER_REQUEST 6
#define ROWS_IN_RESERVE  12

/* Requests to search for after a walk that did not pay: doubled from one to the next. */
#define PAUSE_MIN 4
#define PAUSE_MAX 4096

#define WAITING_MAX 8

enum { TIME_EVENT, TIME_AVAILABLE, TIMES };

/* A row that was passed by: its place in the walk and its times. */
typedef struct passed_row {
    int64_t number; /* 0: there is none */
    kept_row times;
} passed_row;

struct lookup_merge {
    const lookup_plan *plan;
    const group_source *source;
    int n_keys, n_args; /* keys; what "asof walk" is told of a row */
    lookup_statement ahead, behind;
    kept_row request; /* the last one: keys in the order of the index, as_of for timestamp and available */
    size_t keys_used; /* of its text */
    kept_row start;   /* where the walk began: keys, timestamp */
    kept_row next;    /* the row at which `ahead` stands: keys and times */
    kept_row answer;
    passed_row best;                 /* the newest row known at the request */
    passed_row waiting[WAITING_MAX]; /* newer ones not known yet, oldest first */
    int n_waiting;
    bool has_request, is_walking, is_begun, has_next, at_end, failed;
    int64_t number; /* of the row at which `ahead` stands, from 1 */
    int64_t behind_number, to_skip;
    int64_t allowed; /* rows that may yet be walked */
    int64_t served;
    int pause, next_pause;
};

/* --- comparing ------------------------------------------------------------------------------------------ */

/* Of the keys of a row and those of the request. */
static bool compare_keys(const lookup_merge *merge, const value_view *row, int *order) {
    *order = 0;
    for (int k = 0; k < merge->n_keys && *order == 0; k++) {
        value_view key = view_kept(&merge->request, k);
        if (!value_compare(&row[k], &key, order)) return false;
    }
    return true;
}

/* --- the row ahead -------------------------------------------------------------------------------------- */

static void forget_passed(passed_row *row) {
    row->number = 0;
    kept_row_forget(&row->times);
}

static bool keep_times(passed_row *row, int64_t number, const value_view *times, int n) {
    row->number = number;
    kept_row_forget(&row->times);
    for (int i = 0; i < n; i++) {
        kept_value *kept = &row->times.values[i];
        *kept = (kept_value){.type = times[i].type};
        if (kept->type == SQLITE_INTEGER) kept->as.integer = times[i].integer;
        else if (kept->type == SQLITE_FLOAT) kept->as.number = times[i].number;
        else if (!kept_row_text(&row->times, i, times[i].text, times[i].bytes)) return false;
    }
    return true;
}

/* Whether a row that became known at `available` is known at the request. */
static bool is_known(lookup_merge *merge, const value_view *available) {
    value_view as_of = view_kept(&merge->request, merge->n_keys + AS_OF_AVAILABLE);
    int order;
    if (value_compare(available, &as_of, &order)) return order <= 0;
    merge->failed = true;
    return false;
}

/* Whether the row comes after the request, so that the walk has to stop there; if not it is taken account of. */
static bool is_after(lookup_merge *merge, const value_view *row) {
    const lookup_plan *plan = merge->plan;
    const value_view *times = row + merge->n_keys;
    int order, n_times = merge->n_args - merge->n_keys;
    merge->failed |= !compare_keys(merge, row, &order);
    if (merge->failed || order > 0) return true;
    if (order < 0 || times[TIME_EVENT].type == SQLITE_NULL) return false;
    value_view as_of = view_kept(&merge->request, merge->n_keys + AS_OF_TIMESTAMP);
    merge->failed |= !value_compare(&times[TIME_EVENT], &as_of, &order);
    if (merge->failed || order > 0 || (plan->rules.strict && order == 0)) return true;
    if (!plan->rules.backfill) {
        if (times[TIME_AVAILABLE].type == SQLITE_NULL) return false;
        merge->failed |= times[TIME_AVAILABLE].type == SQLITE_BLOB;
        if (!merge->failed && !is_known(merge, &times[TIME_AVAILABLE]) && !merge->failed) {
            merge->failed = merge->n_waiting == WAITING_MAX ||
                            !keep_times(&merge->waiting[merge->n_waiting++], merge->number, times, n_times);
            return merge->failed;
        }
    }
    merge->failed |= !merge->failed && !keep_times(&merge->best, merge->number, times, n_times);
    merge->n_waiting = 0;
    return merge->failed;
}

/* "asof walk"(merge, key, …, timestamp, available_at): true where the statement is to stop. */
void merge_walk_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    lookup_merge *merge = argc > 0 ? sqlite3_value_pointer(argv[0], LOOKUP_WALK_POINTER) : NULL;
    if (!merge || argc - 1 != merge->n_args) {
        sqlite3_result_error(context, "asof walk: a part of asof, not to be called", -1);
        return;
    }
    value_view row[GROUP_KEYS_MAX + TIMES];
    for (int i = 0; i < merge->n_args; i++) row[i] = view_value(argv[i + 1]);
    merge->number++;
    merge->has_next = is_after(merge, row) && !merge->failed;
    if (merge->has_next) {
        kept_row_forget(&merge->next);
        kept_row_store(&merge->next, 0, merge->n_args, argv + 1);
        merge->failed = merge->next.failed;
    } else if (--merge->allowed < 0) {
        merge->failed = true;
    }
    sqlite3_result_int(context, merge->has_next || merge->failed);
}

/* "asof skip"(merge): true for the row that the second statement is to read. */
void merge_skip_scalar(sqlite3_context *context, int argc, sqlite3_value **argv) {
    lookup_merge *merge = argc == 1 ? sqlite3_value_pointer(argv[0], LOOKUP_WALK_POINTER) : NULL;
    if (merge) sqlite3_result_int(context, --merge->to_skip == 0);
    else sqlite3_result_error(context, "asof skip: a part of asof, not to be called", -1);
}

/* --- life ----------------------------------------------------------------------------------------------- */

bool merge_is_possible(const lookup_plan *plan) {
    return plan->group->sources[GROUP_CURRENT].can_merge && !plan->rules.ignore_nulls &&
           (plan->rules.backfill || plan->group->available >= 0);
}

lookup_merge *merge_open(const lookup_plan *plan) {
    lookup_merge *merge = memory_zeroed(NULL, 1, sizeof *merge);
    if (!merge) return NULL;
    merge->plan = plan;
    merge->source = &plan->group->sources[GROUP_CURRENT];
    merge->n_keys = plan->group->n_keys;
    merge->n_args = merge->n_keys + 1 + !plan->rules.backfill;
    merge->next_pause = PAUSE_MIN;
    bool complete = kept_row_open(&merge->request, merge->n_keys + AS_OF_SUPERSEDED);
    complete &= kept_row_open(&merge->start, merge->n_keys + 1);
    complete &= kept_row_open(&merge->next, merge->n_args);
    complete &= kept_row_open(&merge->answer, plan->n_values);
    complete &= kept_row_open(&merge->best.times, TIMES);
    for (int i = 0; i < WAITING_MAX; i++) complete &= kept_row_open(&merge->waiting[i].times, TIMES);
    if (complete) return merge;
    merge_close(merge);
    return NULL;
}

void merge_close(lookup_merge *merge) {
    if (!merge) return;
    lookup_statement_close(&merge->ahead);
    lookup_statement_close(&merge->behind);
    kept_row *rows[] = {&merge->request, &merge->start, &merge->next, &merge->answer, &merge->best.times};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) kept_row_close(rows[i]);
    for (int i = 0; i < WAITING_MAX; i++) kept_row_close(&merge->waiting[i].times);
    memory_free(NULL, merge);
}

static void merge_stop(lookup_merge *merge) {
    if (merge->is_begun) {
        sqlite3_reset(merge->ahead.statement);
        sqlite3_reset(merge->behind.statement);
    }
    merge->is_walking = merge->is_begun = merge->has_next = merge->at_end = merge->failed = false;
}

void merge_reset(lookup_merge *merge) {
    merge_stop(merge);
    merge->has_request = false;
    merge->pause = 0;
    merge->next_pause = PAUSE_MIN;
}

/* --- requests ------------------------------------------------------------------------------------------- */

/* The keys are kept already where the entity is the same. */
static bool keep_request(lookup_merge *merge, const lookup_request *request, bool same_entity) {
    if (!same_entity) {
        kept_row_forget(&merge->request);
        for (int k = 0; k < merge->n_keys; k++)
            kept_row_store(&merge->request, k, 1, &request->keys[merge->source->key_places[k]]);
        merge->keys_used = merge->request.text_used;
    }
    merge->request.text_used = merge->keys_used;
    bool is_kept = !merge->request.failed;
    for (int i = 0; i < AS_OF_SUPERSEDED && is_kept; i++)
        is_kept = kept_row_copy(&merge->request, merge->n_keys + i, request->as_of, i);
    merge->has_request = is_kept;
    return merge->has_request;
}

/* How the request stands to the last one. */
typedef enum request_step { STEP_BACK, STEP_SAME_ENTITY, STEP_NEXT_ENTITY } request_step;

static request_step step_to(const lookup_merge *merge, const lookup_request *request) {
    if (!merge->has_request) return STEP_BACK;
    value_view row[GROUP_KEYS_MAX];
    for (int k = 0; k < merge->n_keys; k++) row[k] = view_value(request->keys[merge->source->key_places[k]]);
    int order;
    if (!compare_keys(merge, row, &order) || order < 0) return STEP_BACK;
    if (order > 0) return STEP_NEXT_ENTITY;
    for (int i = 0; i < AS_OF_SUPERSEDED; i++) {
        value_view as_of = view_kept(request->as_of, i), last = view_kept(&merge->request, merge->n_keys + i);
        if (!value_compare(&as_of, &last, &order) || order < 0) return STEP_BACK;
    }
    return STEP_SAME_ENTITY;
}

/* The walk has come to an end: was it worth its beginning? */
static void give_up(lookup_merge *merge) {
    bool has_paid = merge->served >= 2 * PAUSE_MIN;
    merge->next_pause = has_paid                        ? PAUSE_MIN
                        : merge->next_pause < PAUSE_MAX ? 2 * merge->next_pause
                                                        : PAUSE_MAX;
    merge->pause = has_paid ? 0 : merge->next_pause;
    merge_stop(merge);
}

int merge_searched(lookup_merge *merge, const lookup_request *request, const kept_row *found) {
    if (merge->pause > 0) {
        merge->pause--;
        merge->has_request = false;
        return SQLITE_OK;
    }
    bool in_order = step_to(merge, request) != STEP_BACK;
    if (!keep_request(merge, request, false)) return SQLITE_NOMEM;
    if (!in_order || !found) return SQLITE_OK;
    kept_row_forget(&merge->start);
    for (int k = 0; k < merge->n_keys; k++)
        if (!kept_row_copy(&merge->start, k, &merge->request, k)) return SQLITE_NOMEM;
    if (!kept_row_copy(&merge->start, merge->n_keys, found, KEPT_TIMESTAMP)) return SQLITE_NOMEM;
    merge->is_walking = true;
    merge->number = merge->behind_number = merge->served = 0;
    merge->allowed = ROWS_IN_RESERVE;
    merge->n_waiting = 0;
    forget_passed(&merge->best);
    return SQLITE_OK;
}

/* --- walking -------------------------------------------------------------------------------------------- */

static int begin_at(lookup_merge *merge, sqlite3_stmt *statement) {
    int rc = SQLITE_OK;
    for (int i = 0; i <= merge->n_keys && rc == SQLITE_OK; i++)
        rc = kept_bind(statement, LOOKUP_WALK_START + i, &merge->start, i);
    return rc;
}

/* Prepares both statements if need be, and puts them where the walk begins. */
static int merge_begin(lookup_merge *merge) {
    int rc = SQLITE_OK;
    if (!merge->ahead.statement)
        rc = lookup_prepare_walk(merge->plan, WALK_AHEAD, merge, NULL, &merge->ahead);
    if (rc == SQLITE_OK && !merge->behind.statement)
        rc = lookup_prepare_walk(merge->plan, WALK_BEHIND, merge, &merge->answer, &merge->behind);
    if (rc == SQLITE_OK) rc = begin_at(merge, merge->ahead.statement);
    if (rc == SQLITE_OK) rc = begin_at(merge, merge->behind.statement);
    merge->is_begun = rc == SQLITE_OK;
    return rc;
}

/* The newest of the rows that waited and are known at the request, if there is one, is now the best. */
static void look_at_waiting(lookup_merge *merge) {
    int i = merge->n_waiting - 1;
    for (; i >= 0; i--) {
        value_view available = view_kept(&merge->waiting[i].times, TIME_AVAILABLE);
        if (is_known(merge, &available)) break;
    }
    if (i < 0) return;
    passed_row before = merge->best;
    merge->best = merge->waiting[i];
    merge->waiting[i] = before;
    int n = 0; /* the rows of older places go to the end, where their memory is used again */
    for (int j = i + 1; j < merge->n_waiting; j++, n++) {
        passed_row newer = merge->waiting[j];
        merge->waiting[j] = merge->waiting[n];
        merge->waiting[n] = newer;
    }
    merge->n_waiting = n;
}

/* Goes on to the row after the request. */
static int go_ahead(lookup_merge *merge) {
    if (merge->has_next) {
        value_view row[GROUP_KEYS_MAX + TIMES];
        for (int i = 0; i < merge->n_args; i++) row[i] = view_kept(&merge->next, i);
        if (is_after(merge, row)) return SQLITE_OK;
        merge->has_next = false;
    }
    if (merge->at_end) return SQLITE_OK;
    int rc = sqlite3_step(merge->ahead.statement);
    merge->at_end = rc == SQLITE_DONE;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Brings the second statement to the best row and makes sure that it is the same. */
static int follow(lookup_merge *merge) {
    if (merge->behind_number == merge->best.number) return SQLITE_OK;
    merge->to_skip = merge->best.number - merge->behind_number;
    kept_row_forget(&merge->answer);
    int rc = sqlite3_step(merge->behind.statement);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return rc;
    if (merge->answer.failed) return SQLITE_NOMEM;
    merge->behind_number = merge->best.number;
    merge->failed = !merge->answer.present ||
                    kept_compare(&merge->answer, KEPT_TIMESTAMP, &merge->best.times, TIME_EVENT) != 0;
    if (!merge->failed && !merge->plan->rules.backfill)
        merge->failed = kept_compare(&merge->answer, KEPT_AVAILABLE, &merge->best.times, TIME_AVAILABLE) != 0;
    return SQLITE_OK;
}

int merge_look(lookup_merge *merge, const lookup_request *request, merge_answer *answer, kept_row **found) {
    *answer = MERGE_CANNOT;
    if (!merge->is_walking) return SQLITE_OK;
    request_step step = step_to(merge, request);
    bool is_finalized = merge->is_begun && (!merge->ahead.statement || !merge->behind.statement);
    if (step == STEP_BACK || is_finalized) {
        give_up(merge);
        return SQLITE_OK;
    }
    if (!keep_request(merge, request, step == STEP_SAME_ENTITY)) return SQLITE_NOMEM;
    int rc = merge->is_begun ? SQLITE_OK : merge_begin(merge);
    if (rc != SQLITE_OK) return rc;
    if (step == STEP_NEXT_ENTITY) {
        forget_passed(&merge->best);
        merge->n_waiting = 0;
    }
    merge->allowed += ROWS_PER_REQUEST;
    if (merge->allowed > 4 * ROWS_IN_RESERVE) merge->allowed = 4 * ROWS_IN_RESERVE;
    look_at_waiting(merge);
    if (!merge->failed) rc = go_ahead(merge);
    if (rc == SQLITE_OK && !merge->failed && merge->best.number) rc = follow(merge);
    if (rc != SQLITE_OK) return rc;
    if (merge->failed) {
        give_up(merge);
        return SQLITE_OK;
    }
    merge->served++;
    *found = &merge->answer;
    *answer = merge->best.number ? MERGE_FOUND : MERGE_NONE;
    return SQLITE_OK;
}
